"""What an approval shows at each step, without I/O: what was asked, sent, and decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeGuard

from trigger_widgets.models import WaitToken

from .preview import SAVED_BYTES, preview

Phase = Literal[
    "asking", "sending", "sent", "accepted", "elsewhere", "timed_out", "failed"
]  # fmt: skip
SETTLED: frozenset[Phase] = frozenset(("sent", "accepted", "elsewhere", "timed_out"))


@dataclass(frozen=True)
class Approval:
    """`ours` is what we sent, `token` what the server last said; either may be missing."""

    phase: Phase = "asking"
    ours: Any = None
    token: WaitToken | None = None
    reason: str | None = None
    sent_at: datetime | None = None

    def sending(self, data: Any, at: datetime) -> Approval:
        """Somebody here has decided."""
        return replace(self, phase="sending", ours=data, reason=None, sent_at=at)

    def sent(self) -> Approval:
        """The server took it. It says so to every completion, also to one that came too late."""
        return replace(self, phase="sent") if self.phase == "sending" else self

    def failed(self, reason: str) -> Approval:
        """It could not be sent; the decision can be made again, unless it was seen to count."""
        if self.phase != "sending":
            return self
        return replace(self, phase="failed", ours=None, reason=reason, sent_at=None)

    def seen(self, token: WaitToken) -> Approval:
        """The server says how the token is. The first completion counts, whoever sent it."""
        if not _is_over(token):
            # after the end it is an answer that was on its way while the decision came in
            return self if _is_over(self.token) else replace(self, token=token)
        if token.status == "TIMED_OUT":
            return replace(self, token=token, phase="timed_out")
        is_ours = self.ours is not None and token.output == self.ours
        return replace(self, token=token, phase="accepted" if is_ours else "elsewhere")

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing left to decide."""
        return self.phase in SETTLED

    @property
    def output(self) -> Any:
        """The data that the run goes on with, as far as it is known."""
        if _is_over(self.token):
            return self.token.output
        return self.ours if self.phase == "sent" else None


def _is_over(token: WaitToken | None) -> TypeGuard[WaitToken]:
    """Whether the server said that it is decided or timed out. That never changes again."""
    return bool(token and token.status and token.status.is_terminal)


def approval_state(approval: Approval) -> dict[str, Any]:
    """The part of the state that comes from the token and the decision."""
    token = approval.token
    return {
        "phase": approval.phase,
        "status": token.status if token else None,
        "timeout_at": _ms(token.timeout_at) if token else None,
        "created_at": _ms(token.created_at) if token else None,
        "completed_at": _ms(token.completed_at) if token else None,
        "decision": _decision(approval),
        "reason": approval.reason,
    }


def _decision(approval: Approval) -> dict[str, Any] | None:
    if approval.phase not in ("sending", "sent", "accepted", "elsewhere"):
        return None
    output = approval.ours if approval.phase == "sending" else approval.output
    fields: Mapping[str, Any] = output if isinstance(output, dict) else {}
    approved = fields.get("approved")
    at = approval.token.completed_at if approval.token else None
    return {
        "approved": approved if isinstance(approved, bool) else None,
        "comment": _text(fields.get("comment")),
        "by": _text(fields.get("by")),
        "output": preview(output, SAVED_BYTES),
        "at": _ms(at or approval.sent_at),
    }


def _text(value: Any) -> str | None:
    return str(preview(value, SAVED_BYTES)) if isinstance(value, str) and value else None


def _ms(moment: datetime | None) -> float | None:
    return moment.timestamp() * 1000 if moment else None
