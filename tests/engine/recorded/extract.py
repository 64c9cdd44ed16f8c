"""Makes `exchanges.json` of a directory of recordings: `python extract.py RECORDINGS`.

One JSON file an exchange there (`<scenario>/<seq>-….json`); here what the tests replay and compare,
on a line each. Left out: what cannot be set up again (held polls, whose answers depend on the
moment; statuses that were forced into the database; rate limits), and what is not the engine's
(telemetry, websockets, the command line's own questions).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

SENT = (
    "accept", "content-type", "idempotency-key", "last-event-id", "origin", "timeout-seconds",
    "access-control-request-headers", "access-control-request-method", "x-client-id", "x-part-id",
    "x-resume-from-chunk", "x-stream-version", "x-trigger-api-version",
    "x-trigger-electric-version", "x-trigger-realtime-streams-version",
)  # fmt: skip
COMPARED = ("content-type", "x-should-retry", "x-stream-version", "x-trigger-jwt-claims")
SCENARIO = re.compile(r"(raw|sdk|sdkv2|devworker|pyworker|worker)-\d+\w*")
LEFT_OUT = re.compile(
    r"/(otel|socket\.io|api/v1/platform-notifications|api/v2/whoami|healthcheck)|live=true"
    r"|/dev/presence|/logs/debug|/projects/[^/]+/(dev|branches)$"
)
NOT_AGAIN = ("raw-50", "raw-63")
OF_ITS_TASK = (("raw-31-approval-run", 13), ("devworker-17-kill9", 6))
"""What answers these is what a task did, or when its worker died."""
KEPT = 2
LONGEST = 150
UNAUTHORIZED = 401
SOON = 24 * 3600 * 1000
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MANY = re.compile(r"(.)\1{999,}", re.DOTALL)


def exchange(recorded: dict[str, Any]) -> dict[str, Any] | None:
    """What is kept of an exchange; None if it is left out."""
    response = recorded.get("response")
    if not response or LEFT_OUT.search(recorded["path"]):
        return None
    if recorded["outcome"] != "complete":
        return None
    if (recorded["scenario"], recorded["seq"]) in OF_ITS_TASK:
        return None
    headers = {name.lower(): value for name, value in recorded["request"]["headers"]}
    answered = {name.lower(): value for name, value in response["headers"]}
    body = answer(response.get("body") or "", answered.get("content-type", ""))
    if isinstance(body, dict) and body.get("dequeuedMessages") == []:
        return None
    return {
        "seq": recorded["seq"],
        "note": recorded.get("note") or "",
        "method": recorded["method"],
        "path": recorded["path"],
        "auth": auth(
            headers.get("authorization"), recorded.get("note") or "", refused=response["status"]
        ),
        "headers": {name: headers[name] for name in SENT if name in headers},
        "sent": relative(shorten(recorded["request"].get("body") or ""), recorded["started_at_ms"]),
        "status": response["status"],
        "answered": {name: answered[name] for name in COMPARED if name in answered},
        "body": body,
    }


def moment(recorded: dict[str, Any]) -> float:
    """When it took effect: a worker's requests are held until there is something to say."""
    is_worker = "worker" in recorded["scenario"]
    taken = recorded.get("duration_ms") or 0 if is_worker else 0
    return float(recorded["started_at_ms"] + taken)


def auth(header: str | None, note: str, *, refused: int) -> Any:
    """Who asks: no one, a key, a text that is none, or a token, by its claims."""
    if header is None:
        return None
    credential = header.removeprefix("Bearer ")
    if credential.startswith("tr_"):
        if refused == UNAUTHORIZED:
            return "wrong"  # every key looks the same now
        return "other" if "tr_prod" in credential or "other env" in note else "key"
    parts = credential.split(".")
    try:
        head, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in parts[:2])
    except (ValueError, binascii.Error):
        return {"text": credential}
    forged = "bad signature" in note or "prod key" in note
    return {"alg": head["alg"], "claims": claims, "forged": forged}


def answer(text: str, content_type: str) -> Any:
    """JSON with its lists and long texts cut; of other texts the beginning."""
    if "json" in content_type and text:
        try:
            return cut(json.loads(text))
        except ValueError:
            pass  # gzip
    return text[:LONGEST]


def cut(value: Any) -> Any:
    """The beginning of everything long."""
    if isinstance(value, dict):
        return {key: cut(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [cut(inner) for inner in (value if len(value) <= KEPT else [value[0], value[-1]])]
    if isinstance(value, str):
        return "<token>" if value.startswith("eyJ") else value[:LONGEST]
    return value


def shorten(text: str) -> str:
    """Runs of one character as `⟦x*600000⟧`."""
    return MANY.sub(lambda found: f"⟦{found[1]}*{len(found[0])}⟧", text)


def relative(text: str, now: int) -> str:
    """Moments soon after the request as `⟦+8000⟧`, in milliseconds."""

    def after(found: re.Match[str]) -> str:
        moment = datetime.fromisoformat(found[0]).timestamp() * 1000
        return f"⟦+{moment - now:.0f}⟧" if 0 < moment - now < SOON else found[0]

    return MOMENT.sub(after, text)


def main(directory: str) -> None:
    """Write the file beside this script."""
    lines = []
    for scenario in sorted(Path(directory).iterdir()):
        if not SCENARIO.match(scenario.name) or scenario.name.startswith(NOT_AGAIN):
            continue
        recorded = [json.loads(path.read_text()) for path in scenario.glob("*.json")]
        for one in sorted(recorded, key=moment):
            kept = exchange(one)
            if kept is not None:
                line = {"scenario": scenario.name, **kept}
                lines.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
    target = Path(__file__).with_name("exchanges.json")
    target.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1])
