"""What happens to a run in a worker's hands, and what is to be done about it (`RunMachine`)."""

from __future__ import annotations

from dataclasses import dataclass

from trigger_widgets.tasks.options import RetryOptions

from .outcomes import Outcome
from .protocol import Snapshot

# ---- events


@dataclass(frozen=True)
class Started:
    """The server began an attempt; `max_duration` is in seconds."""

    snapshot: Snapshot
    attempt: int
    retry: RetryOptions
    max_attempts: int | None = None
    max_duration: float | None = None


@dataclass(frozen=True)
class Refused:
    """The server refused a start or a completion. `lost`: an earlier answer to the same request
    never arrived, so that it may have been accepted.
    """

    lost: bool = False


@dataclass(frozen=True)
class Rejected:
    """The server will never take this completion: too large, or not what it understands."""

    message: str


@dataclass(frozen=True)
class Gone:
    """The server knows nothing of this run (any more)."""


@dataclass(frozen=True)
class Latest:
    """The answer to `Look`."""

    snapshot: Snapshot


@dataclass(frozen=True)
class Changed:
    """The server moved on by itself, seen by the watch that was given `after`."""

    snapshot: Snapshot
    after: str


@dataclass(frozen=True)
class Finished:
    """The task is over."""

    outcome: Outcome


@dataclass(frozen=True)
class TimeUp:
    """The run's max_duration is over."""


@dataclass(frozen=True)
class Completed:
    """The server took the completion."""

    attempt_status: str
    snapshot: Snapshot


@dataclass(frozen=True)
class Slept:
    """The retry delay is over."""


Event = (
    Started | Refused | Rejected | Gone | Latest | Changed | Finished | TimeUp | Completed | Slept
)

# ---- effects


@dataclass(frozen=True)
class Start:
    """Ask for the attempt of this snapshot, after `delay` seconds."""

    snapshot: str
    delay: float = 0


@dataclass(frozen=True)
class Adopt:
    """The attempt began but the answer was lost: get the payload elsewhere, then `Started`."""

    snapshot: Snapshot


@dataclass(frozen=True)
class Execute:
    """Run the task."""

    max_duration: float | None


@dataclass(frozen=True)
class Stop:
    """Make the task stop."""


@dataclass(frozen=True)
class Complete:
    """Tell the server how the attempt ended, after `delay` seconds. `retry_delay` is in
    milliseconds.
    """

    snapshot: str
    outcome: Outcome
    retry_delay: int | None
    delay: float = 0


@dataclass(frozen=True)
class Look:
    """Get the latest snapshot."""


@dataclass(frozen=True)
class Sleep:
    """Wait before the next attempt, in milliseconds."""

    delay: int


@dataclass(frozen=True)
class End:
    """Forget the run; `how` is the word for it that people read."""

    how: str


Effect = Start | Adopt | Execute | Stop | Complete | Look | Sleep | End
