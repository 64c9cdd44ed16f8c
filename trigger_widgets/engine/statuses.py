"""A run's status: the database's words, and the API's words for them.

The table was measured by forcing each status on a real server (protocol.md §3).
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """What the database and the realtime feed say."""

    DELAYED = "DELAYED"
    PENDING_VERSION = "PENDING_VERSION"
    PENDING = "PENDING"
    DEQUEUED = "DEQUEUED"
    EXECUTING = "EXECUTING"
    WAITING_TO_RESUME = "WAITING_TO_RESUME"
    RETRYING_AFTER_FAILURE = "RETRYING_AFTER_FAILURE"
    COMPLETED_SUCCESSFULLY = "COMPLETED_SUCCESSFULLY"
    COMPLETED_WITH_ERRORS = "COMPLETED_WITH_ERRORS"
    CANCELED = "CANCELED"
    CRASHED = "CRASHED"
    SYSTEM_FAILURE = "SYSTEM_FAILURE"
    EXPIRED = "EXPIRED"
    TIMED_OUT = "TIMED_OUT"

    @property
    def is_final(self) -> bool:
        """Whether the run has ended."""
        return self in _FINAL


_FINAL = frozenset({
    Status.COMPLETED_SUCCESSFULLY, Status.COMPLETED_WITH_ERRORS, Status.CANCELED, Status.CRASHED,
    Status.SYSTEM_FAILURE, Status.EXPIRED, Status.TIMED_OUT,
})  # fmt: skip

API_VERSION = "2025-07-16"

_CURRENT = {
    Status.PENDING: "QUEUED",
    Status.RETRYING_AFTER_FAILURE: "EXECUTING",
    Status.WAITING_TO_RESUME: "WAITING",
    Status.COMPLETED_SUCCESSFULLY: "COMPLETED",
    Status.COMPLETED_WITH_ERRORS: "FAILED",
}
_BEFORE_VERSIONS = _CURRENT | {
    Status.DEQUEUED: "EXECUTING",
    Status.RETRYING_AFTER_FAILURE: "REATTEMPTING",
    Status.WAITING_TO_RESUME: "FROZEN",
}


def api_status(status: Status, api_version: str | None) -> str:
    """The API's word for a status; clients that send no version get the older words."""
    return (_CURRENT if api_version else _BEFORE_VERSIONS).get(status, status.value)


def from_api_status(name: str) -> frozenset[Status] | None:
    """The statuses that the API calls `name`, in either vocabulary; None for no such word."""
    found = {
        status
        for status in Status
        if name in (api_status(status, API_VERSION), api_status(status, None))
    }
    # without this, asking for EXECUTING would also give the runs that are only dequeued
    exact = {status for status in found if api_status(status, API_VERSION) == name}
    return frozenset(exact or found) or None


def feed_status(status: Status, api_version: str | None) -> str:
    """The realtime feed keeps the database's words, but hides DEQUEUED from old clients."""
    if status is Status.DEQUEUED and not api_version:
        return Status.EXECUTING.value
    return status.value
