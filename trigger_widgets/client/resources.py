"""What hangs on a `Trigger`: tasks, runs, batches, streams, wait, auth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from trigger_widgets.api import auth, batches, runs, streams, tasks, wait
from trigger_widgets.api.transports import Transport
from trigger_widgets.config import Endpoint
from trigger_widgets.models import Batch, Run, WaitToken
from trigger_widgets.realtime.batch import BatchHandle, trigger_batch
from trigger_widgets.realtime.handle import RunHandle
from trigger_widgets.realtime.run_lists import batch_source, tag_source
from trigger_widgets.realtime.runs import run_source
from trigger_widgets.realtime.stream_reader import StreamReader
from trigger_widgets.realtime.subscription import Subscription

from .shared import owned


class Tasks:
    """`client.tasks`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def trigger(self, task: Any, payload: Any = None, **options: Any) -> RunHandle:
        """Start a run. `task` is an id, or a task object that has one.

        On the embedded engine the run of a task object is executed by this very process, with
        the code as it is now, unless `version` says otherwise; that of an id by whoever has it.

        Options: queue, concurrency_key, delay, ttl, tags, idempotency_key, idempotency_key_ttl,
        max_attempts, max_duration, metadata, machine, priority, region, version, test,
        parent_run_id. Durations are seconds, a timedelta, or text like "10m".
        """
        options = owned(self._transport.server, task, options)
        request = tasks.trigger(task, payload, options)
        triggered = self._transport.send(request)
        return RunHandle(triggered, task=tasks.task_id(task), transport=self._transport)

    def batch_trigger(
        self, task: Any, items: Any = None, *, key: Any = None, **options: Any
    ) -> BatchHandle:
        """Start a run for each item; one handle for all of them, however many.

        `items` are payloads, or `{"payload": …, "options": {…}}`; a pandas DataFrame is a run a
        row. `key` names an item in the results: a column or field, or a function of the payload;
        without it the row's index or place. `options` are those of `trigger`, for every item.
        Without `task`, each item names its own: `batch_trigger([{"task": …, "payload": …}])`.
        """
        options = owned(self._transport.server, task, options)
        return trigger_batch(self._transport, task, items, key=key, options=options)


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

    def subscribe_to_runs_with_tag(
        self,
        tags: str | Iterable[str],
        *,
        created_at: str | float | timedelta | None = None,
        skip_columns: Iterable[str] = (),
        timeout: float | None = None,
    ) -> Subscription[list[Run]]:
        """All runs that have all of these tags, as the list changes; it never ends by itself.

        `created_at` is how long ago at most: a duration up to a day, which is the default.
        """
        return Subscription(
            tag_source(tags, created_at, skip_columns), self._transport.server, timeout=timeout
        )

    def subscribe_to_batch(
        self,
        batch: str | BatchHandle | Batch,
        *,
        skip_columns: Iterable[str] = (),
        timeout: float | None = None,
    ) -> Subscription[list[Run]]:
        """The runs of a batch, as the list changes. It ends when all have ended, if `batch` says
        how many there are: a handle or a `Batch` does, an id does not.
        """
        return Subscription(
            batch_source(batch, skip_columns), self._transport.server, timeout=timeout
        )


class Batches:
    """`client.batches`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def retrieve(self, batch: str | BatchHandle | Batch) -> Batch:
        """The batch as it is now: how many runs it has, which, and what became no run."""
        return self._transport.send(batches.retrieve(batch))


class Streams:
    """`client.streams`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(
        self,
        run: str | RunHandle | Run,
        stream: str = streams.DEFAULT_STREAM,
        *,
        start_index: int = 0,
        timeout: float | None = None,
        stop_on_completion: bool = True,
    ) -> StreamReader:
        """The parts of a stream as they come, from the `start_index`th on. Ends when the run has
        ended and all parts have come.
        """
        return StreamReader(
            run,
            stream,
            self._transport.server,
            start_index=start_index,
            timeout=timeout,
            stop_on_completion=stop_on_completion,
        )

    def append(
        self, run: str | RunHandle | Run, text: str, stream: str = streams.DEFAULT_STREAM
    ) -> None:
        """Add one part, a text, to a stream of a run that has not ended. Needs the secret key."""
        self._transport.send(streams.append(run, text, stream))


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
        pages = wait.Pages(
            limit=limit,
            status=status,
            tags=tags,
            idempotency_key=idempotency_key,
            created_at=created_at,
        )
        while (request := pages.request()) is not None:
            yield from pages.answered(self._transport.send(request))

    def complete_token(self, token: str | WaitToken, data: Any = None) -> None:
        """Let the run go on with `data`. Only the first completion of a token counts."""
        self._transport.send(wait.complete_token(token, data))


class Auth:
    """`client.auth`: tokens with narrow rights, signed here with the environment's secret key.

    The server is asked once for the environment's id.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._subjects: dict[Endpoint, str] = {}

    def create_public_token(
        self, *, scopes: auth.Scopes, expiration_time: str | timedelta | datetime = "15m"
    ) -> SecretStr:
        """A token with narrow rights, as `{"read": {"runs": [run.id]}}`; True means all of them."""
        return self._sign(scopes, expiration_time)

    def create_trigger_public_token(
        self,
        tasks: Any,
        *,
        multiple_use: bool = False,
        expiration_time: str | timedelta | datetime = "15m",
    ) -> SecretStr:
        """A token that may trigger these tasks and nothing else; once, unless `multiple_use`.

        Trigger.dev 4.5.12 accepts only the first one-time token of an environment ever
        (protocol.md §1): there, use `multiple_use=True`.
        """
        scopes = auth.trigger_scopes(tasks)
        return self._sign(scopes, expiration_time, one_time=not multiple_use)

    def create_batch_trigger_public_token(
        self,
        tasks: Any,
        *,
        multiple_use: bool = False,
        expiration_time: str | timedelta | datetime = "15m",
    ) -> SecretStr:
        """As `create_trigger_public_token`, for batches."""
        scopes = auth.trigger_scopes(tasks, batch=True)
        return self._sign(scopes, expiration_time, one_time=not multiple_use)

    def _sign(
        self, scopes: auth.Scopes, expires: str | timedelta | datetime, *, one_time: bool = False
    ) -> SecretStr:
        endpoint = self._transport.server.endpoint()
        key = endpoint.access_token
        auth.require_secret_key(key)
        if endpoint not in self._subjects:
            self._subjects[endpoint] = self._transport.send(auth.claims())
        subject = self._subjects[endpoint]
        return auth.sign_public_token(key, subject, scopes, expires, one_time=one_time)
