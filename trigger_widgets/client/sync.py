"""`Trigger`, the client for scripts and notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Self, Unpack

from trigger_widgets.api import rights, streams, wait
from trigger_widgets.api.transports import Transport
from trigger_widgets.config import Endpoint, Token
from trigger_widgets.errors import ConfigurationError, TriggerError
from trigger_widgets.models import Batch, Run, WaitToken
from trigger_widgets.realtime.batch import BatchHandle
from trigger_widgets.realtime.connection import Connection
from trigger_widgets.realtime.handle import RunHandle
from trigger_widgets.realtime.run_lists import RunsWatch, batch_source, tag_source
from trigger_widgets.realtime.runs import run_source
from trigger_widgets.realtime.stream_reader import StreamWatch
from trigger_widgets.realtime.subscription import Watch

from .auth import Auth
from .batches import Batches
from .idempotency_keys import IdempotencyKeys
from .options import ClientOptions, sending, server_of
from .runs import Runs
from .streams import Streams
from .tasks import Tasks
from .wait import Wait


class Trigger:
    """A client of one Trigger.dev environment, or of the embedded engine when nothing says which.

    Arguments come first, then `TRIGGER_SECRET_KEY` or `TRIGGER_ACCESS_TOKEN`, `TRIGGER_API_URL`
    and `TRIGGER_PREVIEW_BRANCH`. It may be used from any thread, and nothing is sent before the
    first call.
    """

    def __init__(self, **options: Unpack[ClientOptions]) -> None:
        self._connect(Transport(server_of(options, of="Trigger"), **sending(options)))

    def _connect(self, transport: Transport) -> None:
        self._transport = transport
        self.tasks = Tasks(transport)
        self.runs = Runs(transport)
        self.batches = Batches(transport)
        self.streams = Streams(transport)
        self.wait = Wait(transport)
        self.auth = Auth(transport)
        self.idempotency_keys = IdempotencyKeys(transport)

    @classmethod
    def of(cls, handle: RunHandle | BatchHandle) -> Self:
        """The client that triggered this, over the same connections."""
        client = cls.__new__(cls)
        client._connect(handle.transport)  # noqa: SLF001 - its own
        return client

    def with_access_token(self, access_token: Token) -> Trigger:
        """A client of the same server with another token, such as a public one, or a function
        that gives tokens.
        """
        server = self._transport.server.with_token(access_token)
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

    def may_complete(self, token: str | WaitToken) -> bool:
        """Whether the client's token can complete this wait token; a secret key always can."""
        return rights.may_complete(self.endpoint.access_token, wait.token_id(token))

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

    def watch_runs(
        self,
        *,
        tags: str | Iterable[str] | None = None,
        batch: str | BatchHandle | Batch | None = None,
        on_runs: Callable[[list[Run], Mapping[str, Run]], object],
        on_connection: Callable[[Connection], object] | None = None,
        created_at: str | float | timedelta | None = None,
        skip_columns: Iterable[str] = (),
    ) -> RunsWatch:
        """Call `on_runs(changed, all)` on the feeds' own thread: the runs that are new or have
        changed, and all that are known by their ids, of some tags or of a batch.
        """
        if (tags is None) is (batch is None):
            raise ConfigurationError("watch_runs takes tags=… or batch=…, one of them.")
        on_each, servers = None, [self._transport.server]
        if tags is not None:
            sources = [tag_source(tags, created_at, skip_columns)]
        elif isinstance(batch, BatchHandle):
            sources, on_each = batch.sources(skip_columns), batch.see
            servers = batch.servers(self._transport.server)
        else:
            sources = [batch_source(batch, skip_columns)]
        return RunsWatch(
            sources,
            servers,
            on_runs=on_runs,
            on_connection=on_connection,
            on_each=on_each,
        )

    def watch_stream(
        self,
        run: str | RunHandle | Run,
        stream: str = streams.DEFAULT_STREAM,
        *,
        on_parts: Callable[[Sequence[Any]], object],
        on_run: Callable[[Run], object] | None = None,
        on_connection: Callable[[Connection], object] | None = None,
        on_end: Callable[[TriggerError | None], object] | None = None,
        start_index: int = 0,
        stop_on_completion: bool = True,
    ) -> StreamWatch:
        """Call `on_parts` with parts as they arrive, in order, on the feeds' own thread.

        `on_run` is called with each state of the run, `on_end` once: with None when the run has
        ended and all parts have come, else with what failed.
        """
        return StreamWatch(
            run,
            stream,
            self._transport.server,
            on_parts=on_parts,
            on_run=on_run,
            on_connection=on_connection,
            on_end=on_end,
            start_index=start_index,
            stop_on_completion=stop_on_completion,
        )

    def close(self) -> None:
        """Close the connections. Subscriptions go on; a later call opens new connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
