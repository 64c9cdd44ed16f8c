"""Where an answer of ours disagrees with a recorded one: in status, shape or meaning.

Ids, times, tokens and what depends on how long something took are not compared; a text that is
meant for a person is, unless the answer is a success.
"""

import json
import re

ID = re.compile(
    r"(proj|org)_[a-z_]+|queue_[a-z0-9/-]+|\b(run_|batch_|waitpoint_|snapshot_|worker_|attempt_|proj_|org_)?[a-z0-9]{20,25}\b"
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+|<token>")
LONG = re.compile(r"\b[0-9a-f]{32,}\b|\b1[78]\d{8,11}\b")
ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
FREE = {
    "costInCents", "baseCostInCents", "durationMs", "usageDurationMs", "number", "output", "url",
    "idempotencyKey", "version", "attemptCount", "payload", "metadata", "error", "region", "tags",
    "ttl", "cursor", "value", "reset", "workerQueueLength", "packageVersion", "contentHash",
    "position", "runtime", "slug", "traceparent", "filePath",
    "realtimeStreamsVersion", "project", "organization", "next", "previous", "description",
}  # fmt: skip
"""Keys whose values differ without meaning; that they are there is compared."""
OPTIONAL = {
    "startedAt", "finishedAt", "delayedUntil", "expiredAt", "version", "output", "error", "ttl",
    "payload", "metadata", "updatedAt", "next", "previous", "idempotencyKey", "completedAt",
    "isCached", "maxDuration", "maxAttempts", "failedRunCount", "successfulRunCount",
    "processingCompletedAt", "exportName",
}  # fmt: skip
"""Keys that are there or not by how far a run has come."""


NOT_IMPLEMENTED = 501
LONG_TEXT = 100
UNDER_WAY = ("QUEUED", "DEQUEUED", "EXECUTING", "DELAYED")


ROWS = re.compile(
    r"^\.(result\.)?(snapshot|run)$|\.(attempt|annotations|environment|traceContext|variables|envVars)$"
    r"|^\.dequeuedMessages\[\d\](\.\w+)?$"
)
"""Where a real server tells a worker rows of its own tables; what we tell of them must agree."""


def disagreement(exchange, answer):
    """What disagrees first, in words; None if nothing does."""
    if answer.status_code == NOT_IMPLEMENTED and "not implemented" in answer.text:
        return None  # that it is not there is said, and needs no table
    if answer.status_code != exchange["status"]:
        return f"status {answer.status_code}, not {exchange['status']}: {answer.text[:120]}"
    for name in ("content-type", "x-should-retry", "x-stream-version"):
        then, now = exchange["answered"].get(name), answer.headers.get(name)
        if _family(then) != _family(now):
            return f"{name}: {now}, not {then}"
    if ("x-trigger-jwt-claims" in exchange["answered"]) != (
        "x-trigger-jwt-claims" in answer.headers
    ):
        return "x-trigger-jwt-claims"
    then = exchange["body"]
    if isinstance(then, str) or then is None:
        is_stream = "event-stream" in exchange["answered"].get("content-type", "")
        same = is_stream or answer.status_code < 400 or _plain(then or "") == _plain(answer.text)
        return None if same else f"{answer.text[:120]!r}, not {then!r}"
    try:
        now = answer.json()
    except json.JSONDecodeError:
        return f"no JSON: {answer.text[:80]}"
    return _compare(then, now, "", strict=answer.status_code >= 400)


def _family(value):
    return (value or "").partition(";")[0]


def _compare(then, now, where, *, strict):
    if where.endswith(".data") and not strict:
        return _compare_shapes(then, now, where)
    if _kind(then) != _kind(now):
        return f"{where or 'body'}: {json.dumps(now)[:60]}, not {json.dumps(then)[:60]}"
    if isinstance(then, dict):
        then, now = _went_further(then, now)
        missing = set() if ROWS.search(where) else then.keys() - now.keys() - OPTIONAL
        added = now.keys() - then.keys() - OPTIONAL
        if missing or added:
            return f"{where or 'body'}: lacks {sorted(missing)}, adds {sorted(added)}"
        for key in then.keys() & now.keys():
            if key in FREE and not strict:
                continue
            found = _compare(then[key], now[key], f"{where}.{key}", strict=strict)
            if found:
                return found
    elif isinstance(then, list):
        if strict and len(then) != len(now):
            return f"{where}: {len(now)} items, not {len(then)}"
        for i, (one, other) in enumerate(_pairs(then, now)):
            found = _compare(one, other, f"{where}[{i}]", strict=strict)
            if found:
                return found
    elif not _is_same(_plain(then), _plain(now)):
        return f"{where}: {now!r}, not {then!r}"
    return None


def _pairs(then, now):
    """The first and the last; of the messages of a feed those of the same kind."""
    if not then or not now:
        return []
    ends = [(then[0], now[0]), (then[-1], now[-1])]
    is_feed = isinstance(then[0], dict) and "headers" in then[0]
    return [pair for pair in ends if not is_feed or pair[0].keys() == pair[1].keys()]


def _compare_shapes(then, now, where):
    """Lists of what there was: other things now, of the same shape."""
    if then and now and then[0].keys() - now[0].keys() - OPTIONAL:
        return f"{where}: lacks {sorted(then[0].keys() - now[0].keys() - OPTIONAL)}"
    return None


def _went_further(then, now):
    """Without the status of a run that was under way then and has ended here already."""
    if then.get("status") in UNDER_WAY and now.get("status") not in UNDER_WAY and "isTest" in then:
        return tuple(
            {
                key: value
                for key, value in run.items()
                if not key.startswith("is") and key != "status"
            }
            for run in (then, now)
        )
    return then, now


def _kind(value):
    if isinstance(value, bool) or value is None:
        return type(value)
    return int if isinstance(value, int | float) else type(value)


def _is_same(then, now):
    """Of a long text only the beginning was kept."""
    if isinstance(then, str) and isinstance(now, str) and len(then) > LONG_TEXT:
        return now.startswith(then)
    return then == now


def _plain(value):
    if not isinstance(value, str):
        return value
    for pattern in (JWT, ORIGIN, TIME, LONG, ID):
        value = pattern.sub("~", value)
    return value
