"""The clients: `Trigger`, its twin `AsyncTrigger`, and the default one behind `trigger()`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Self, TypedDict, Unpack

from pydantic import SecretStr

from . import config
from .api import auth, rights, runs, tasks, wait
from .api.server import Server
from .api.transports import AsyncTransport, Transport
from .config import Endpoint, Locate
from .errors import ConfigurationError, refuse_unknown
from .models import Run, WaitToken
from .realtime.connection import Connection
from .realtime.handle import AsyncRunHandle, RunHandle
from .realtime.runs import run_source
from .realtime.subscription import Subscription, Watch


class ClientOptions(TypedDict, total=False):
    """`timeout` is in seconds and for one attempt; `secret_key` is another name of the token."""

    api_url: str | None
    access_token: str | SecretStr | None
    secret_key: str | SecretStr | None
    preview_branch: str | None
    timeout: float
    max_attempts: int


class Trigger:
    """A client of one Trigger.dev environment, or of the embedded engine when nothing says which.

    Arguments come first, then `TRIGGER_SECRET_KEY` or `TRIGGER_ACCESS_TOKEN`, `TRIGGER_API_URL`
    and `TRIGGER_PREVIEW_BRANCH`. It may be used from any thread, and nothing is sent before the
    first call.
    """

    def __init__(self, **options: Unpack[ClientOptions]) -> None:
        self._connect(Transport(_server(options, "Trigger"), **_sending(options)))

    def _connect(self, transport: Transport) -> None:
        self._transport = transport
        self.tasks = Tasks(transport)
        self.runs = Runs(transport)
        self.wait = Wait(transport)
        self.auth = Auth(transport)

    @classmethod
    def of(cls, handle: RunHandle) -> Self:
        """The client that triggered this run, over the same connections."""
        client = cls.__new__(cls)
        client._connect(handle.transport)  # noqa: SLF001 - its own
        return client

    def with_access_token(self, access_token: str | SecretStr) -> Trigger:
        """A client of the same server with another token, such as a public one."""
        server = self._transport.server.with_token(config.secret(access_token))
        client = Trigger.__new__(Trigger)
        client._connect(  # noqa: SLF001 - its own
            Transport(
                server,
                timeout=self._transport.timeout,
                max_attempts=self._transport.max_attempts,
            )
        )
        return client

    @property
    def is_embedded(self) -> bool:
        """Whether this speaks to the embedded engine, wherever that is at the moment."""
        return self._transport.server.embedded

    def may_cancel(self, run: Run) -> bool:
        """Whether the client's token can cancel this run; a secret key always can."""
        return rights.may_cancel(self.endpoint.access_token, run)

    @property
    def endpoint(self) -> Endpoint:
        """The server, located by the first use: the embedded engine is started by that."""
        return self._transport.server.endpoint()

    def watch_run(
        self,
        run: str | RunHandle | Run,
        *,
        on_run: Callable[[Run], object],
        on_connection: Callable[[Connection], object] | None = None,
        skip_columns: Iterable[str] = (),
        stop_on_completion: bool = True,
    ) -> Watch[Run]:
        """Call `on_run` with each state of a run, in order, on the feeds' own thread."""
        return Watch(
            run_source(run, skip_columns),
            self._transport.server,
            on_value=on_run,
            on_connection=on_connection,
            stop_on_completion=stop_on_completion,
        )

    def close(self) -> None:
        """Close the connections. Subscriptions go on; a later call opens new connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class Tasks:
    """`client.tasks`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def trigger(self, task: Any, payload: Any = None, **options: Any) -> RunHandle:
        """Start a run. `task` is an id, or a task object that has one.

        Options: queue, concurrency_key, delay, ttl, tags, idempotency_key, idempotency_key_ttl,
        max_attempts, max_duration, metadata, machine, priority, region, version, test,
        parent_run_id. Durations are seconds, a timedelta, or text like "10m".
        """
        request = tasks.trigger(task, payload, options)
        triggered = self._transport.send(request)
        return RunHandle(triggered, task=tasks.task_id(task), transport=self._transport)


class Runs:
    """`client.runs`. A run is named by its id, its handle, or an earlier state of it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def retrieve(self, run: str | RunHandle | Run) -> Run:
        """The run as it is now; `NotFoundError` names one that is not there."""
        return self._transport.send(runs.retrieve(run))

    def cancel(self, run: str | RunHandle | Run) -> None:
        """Cancel it; nothing happens if it has ended."""
        self._transport.send(runs.cancel(run))

    def update_metadata(
        self, run: str | RunHandle | Run, metadata: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Replace the run's metadata; gives what it then is. Needs the secret key."""
        return self._transport.send(runs.update_metadata(run, metadata))

    def logs(self, run: str | RunHandle | Run, *, after: int = 0) -> runs.LogPage:
        """What the task printed and logged. Of the embedded engine alone."""
        return self._transport.send(runs.logs(run, after=after))

    def subscribe_to_run(
        self,
        run: str | RunHandle | Run,
        *,
        skip_columns: Iterable[str] = (),
        stop_on_completion: bool = True,
        timeout: float | None = None,
    ) -> Subscription[Run]:
        """The run's states as they change; ends when the run has ended."""
        return Subscription(
            run_source(run, skip_columns),
            self._transport.server,
            stop_on_completion=stop_on_completion,
            timeout=timeout,
        )


class Wait:
    """`client.wait`: tokens that runs wait for. A token is named by its id or by itself."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create_token(
        self,
        *,
        timeout: str | float | timedelta | datetime | None = None,
        tags: str | Iterable[str] = (),
        idempotency_key: str | None = None,
        idempotency_key_ttl: str | float | timedelta | None = None,
    ) -> WaitToken:
        """A new token, or the one made before with the same idempotency key (`is_cached`).

        `timeout` is a duration (seconds, a timedelta, "10m") or the moment itself.
        """
        return self._transport.send(
            wait.create_token(
                timeout=timeout,
                tags=tags,
                idempotency_key=idempotency_key,
                idempotency_key_ttl=idempotency_key_ttl,
            )
        )

    def retrieve_token(self, token: str | WaitToken) -> WaitToken:
        """The token as it is now. Needs the secret key."""
        return self._transport.send(wait.retrieve_token(token))

    def list_tokens(
        self,
        *,
        status: str | Iterable[str] | None = None,
        tags: str | Iterable[str] | None = None,
        idempotency_key: str | None = None,
        created_at: str | float | timedelta | None = None,
        limit: int | None = None,
    ) -> Iterator[WaitToken]:
        """Tokens, newest first, page by page as they are asked for. Needs the secret key."""
        after, left = None, limit
        while left is None or left > 0:
            page = self._transport.send(
                wait.list_tokens(
                    status=status,
                    tags=tags,
                    idempotency_key=idempotency_key,
                    created_at=created_at,
                    size=min(left or wait.PAGE_SIZE, wait.PAGE_SIZE),
                    after=after,
                )
            )
            yield from page.tokens
            left = None if left is None else left - len(page.tokens)
            after = page.next
            if after is None:
                return

    def complete_token(self, token: str | WaitToken, data: Any = None) -> None:
        """Let the run go on with `data`. Only the first completion of a token counts."""
        self._transport.send(wait.complete_token(token, data))


class Auth:
    """`client.auth`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._subjects: dict[Endpoint, str] = {}

    def create_public_token(
        self, *, scopes: auth.Scopes, expiration_time: str | timedelta | datetime = "15m"
    ) -> SecretStr:
        """A token with narrow rights, as `{"read": {"runs": [run.id]}}`; True means all of them.

        It is signed here with the secret key; the server is asked once for the environment's id.
        """
        endpoint = self._transport.server.endpoint()
        auth.require_secret_key(endpoint.access_token)
        if endpoint not in self._subjects:
            self._subjects[endpoint] = self._transport.send(auth.claims())
        subject = self._subjects[endpoint]
        return auth.sign_public_token(endpoint.access_token, subject, scopes, expiration_time)


class AsyncTrigger:
    """The twin of `Trigger` for asyncio: `async with AsyncTrigger() as client`."""

    def __init__(self, **options: Unpack[ClientOptions]) -> None:
        self._transport = AsyncTransport(_server(options, "AsyncTrigger"), **_sending(options))
        self.tasks = AsyncTasks(self._transport)
        self.runs = AsyncRuns(self._transport)
        self.auth = AsyncAuth(self._transport)

    async def close(self) -> None:
        """Close the connections. Subscriptions go on; a later call opens new connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()


class AsyncTasks:
    """As `Tasks`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def trigger(self, task: Any, payload: Any = None, **options: Any) -> AsyncRunHandle:
        """As `Tasks.trigger`."""
        triggered = await self._transport.send(tasks.trigger(task, payload, options))
        return AsyncRunHandle(triggered, task=tasks.task_id(task), transport=self._transport)


class AsyncRuns:
    """As `Runs`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def retrieve(self, run: str | AsyncRunHandle | Run) -> Run:
        """As `Runs.retrieve`."""
        return await self._transport.send(runs.retrieve(run))

    async def cancel(self, run: str | AsyncRunHandle | Run) -> None:
        """As `Runs.cancel`."""
        await self._transport.send(runs.cancel(run))

    async def update_metadata(
        self, run: str | AsyncRunHandle | Run, metadata: Mapping[str, Any]
    ) -> dict[str, Any]:
        """As `Runs.update_metadata`."""
        return await self._transport.send(runs.update_metadata(run, metadata))

    async def logs(self, run: str | AsyncRunHandle | Run, *, after: int = 0) -> runs.LogPage:
        """As `Runs.logs`."""
        return await self._transport.send(runs.logs(run, after=after))

    def subscribe_to_run(
        self,
        run: str | AsyncRunHandle | Run,
        *,
        skip_columns: Iterable[str] = (),
        stop_on_completion: bool = True,
        timeout: float | None = None,
    ) -> Subscription[Run]:
        """As `Runs.subscribe_to_run`, for `async for`."""
        return Subscription(
            run_source(run, skip_columns),
            self._transport.server,
            stop_on_completion=stop_on_completion,
            timeout=timeout,
        )


class AsyncAuth:
    """As `Auth`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
        self._subjects: dict[Endpoint, str] = {}

    async def create_public_token(
        self, *, scopes: auth.Scopes, expiration_time: str | timedelta | datetime = "15m"
    ) -> SecretStr:
        """As `Auth.create_public_token`."""
        endpoint = await self._transport.endpoint()
        auth.require_secret_key(endpoint.access_token)
        if endpoint not in self._subjects:
            self._subjects[endpoint] = await self._transport.send(auth.claims())
        subject = self._subjects[endpoint]
        return auth.sign_public_token(endpoint.access_token, subject, scopes, expiration_time)


class _Shared:
    """What the whole process has one of."""

    lock = threading.Lock()
    client: Trigger | None = None
    embedded: Locate | None = None


def use_embedded(locate: Locate) -> None:
    """Say how the embedded engine is found and started: the runtime does, once."""
    _Shared.embedded = locate


def configure(**options: Unpack[ClientOptions]) -> Trigger:
    """Set the client that `trigger()` and the widgets use; takes what `Trigger` takes."""
    client = Trigger(**options)
    with _Shared.lock:
        before, _Shared.client = _Shared.client, client
    if before is not None:
        before.close()
    return client


def default_client() -> Trigger:
    """The client that `configure` set, else one made from `TRIGGER_*`."""
    with _Shared.lock:
        if _Shared.client is None:
            _Shared.client = Trigger()
        return _Shared.client


def trigger(task: Any, payload: Any = None, **options: Any) -> RunHandle:
    """`client.tasks.trigger` on the default client."""
    return default_client().tasks.trigger(task, payload, **options)


def _server(options: ClientOptions, of: str) -> Server:
    refuse_unknown(options, ClientOptions.__annotations__, of=of)
    token, secret = options.get("access_token"), options.get("secret_key")
    if token and secret:
        raise ConfigurationError(f"{of} takes access_token or secret_key, not both.")
    locate = config.locate(
        api_url=options.get("api_url"),
        access_token=token or secret,
        preview_branch=options.get("preview_branch"),
        embedded=_locate_embedded,
    )
    return Server(locate, embedded=locate is _locate_embedded)


def _locate_embedded() -> Endpoint:
    if _Shared.embedded is None:
        raise ConfigurationError(
            "there is no server to speak to; set TRIGGER_SECRET_KEY and TRIGGER_API_URL."
        )
    return _Shared.embedded()


def _sending(options: ClientOptions) -> dict[str, Any]:
    return {name: options[name] for name in ("timeout", "max_attempts") if name in options}
