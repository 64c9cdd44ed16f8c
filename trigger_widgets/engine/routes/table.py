"""All routes, in the order in which they are tried."""

from __future__ import annotations

from . import (
    attempts,
    batches,
    health,
    input_streams,
    logs,
    public_tokens,
    run_edits,
    run_feed,
    run_list,
    runs,
    runs_feed,
    stream_read,
    stream_write,
    tasks,
    unsupported,
    waitpoint_list,
    waitpoints,
    waits,
    workers,
)

routes = [
    # looked through from the top: first what is asked for most
    *tasks.routes,
    *attempts.routes,
    *workers.routes,
    *run_feed.routes,
    *health.routes,
    *public_tokens.routes,
    *runs.routes,
    *run_edits.routes,
    *run_list.routes,
    *logs.routes,
    *runs_feed.routes,
    *batches.routes,
    *waitpoints.routes,
    *waitpoint_list.routes,
    *waits.routes,
    *input_streams.routes,
    *stream_write.routes,
    *unsupported.routes,
    *stream_read.routes,
]
