"""An approval as static HTML and as one line of text, for where there is no front end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .html import block, box, heading, pre, row


def approval_line(state: Mapping[str, Any]) -> str:
    """`publish-report waitpoint_… · approved by ada`."""
    name = state.get("token_id") or state.get("run_id") or ""
    words = (state.get("title") or "", name, "·", _words(state))
    return " ".join(word for word in words if word)


def approval_html(state: Mapping[str, Any]) -> str:
    """What was asked, and what was decided as far as it is known."""
    title = state.get("title") or "approval"
    rows = [heading(title, state.get("token_id") or state.get("run_id") or "", _words(state))]
    if state.get("prompt"):
        rows.append(pre(state["prompt"]))
    notes = (state.get("hint"), state.get("reason"), state.get("fault"))
    rows.extend(row(note) for note in notes if note)
    decision = state.get("decision")
    if decision:
        if decision.get("comment"):
            rows.append(row(f"“{decision['comment']}”"))
        if decision.get("approved") is None:
            rows.append(block("decision", decision.get("output")))
    return box(*rows)


def _words(state: Mapping[str, Any]) -> str:
    if state.get("phase") == "timed_out":
        return "timed out"
    decision = state.get("decision")
    if not decision:
        return "waits for a decision"
    approved = decision.get("approved")
    verb = {True: "approved", False: "rejected", None: "decided"}[approved]
    by = f" by {decision['by']}" if decision.get("by") else ""
    at = decision.get("at")
    moment = f", {datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M} UTC" if at else ""
    return f"{verb}{by}{moment}"
