"""Take the REST exchanges out of recordings of a real server, small enough to keep with the tests.

    python scripts/extract_recordings.py RECORDINGS tests/api/recorded/rest.jsonl

RECORDINGS is a directory with one directory a scenario and one JSON file an exchange, whose keys
and signatures are redacted already. One line of the result is one exchange.
"""

import json
import sys
from pathlib import Path

SCENARIOS = (
    "raw-01", "raw-02", "raw-03", "raw-04", "raw-05", "raw-05b", "raw-06", "raw-30", "raw-31",
    "raw-40", "raw-41", "raw-42", "raw-43", "raw-44", "raw-60", "raw-61", "raw-63", "sdk-01",
    "sdk-02", "sdk-06", "sdk-10", "sdk-12", "sdk-13", "sdk-14", "sdk-15",
)  # fmt: skip
HEADERS = {
    "content-type", "x-trigger-jwt", "x-should-retry", "x-ratelimit-reset", "retry-after",
    "x-request-id",
}  # fmt: skip
LONGEST_REQUEST = 4_000
LONGEST_ANSWER = 2_000
LONGEST_PAGE = 200
MOST_ITEMS = 3


def extracted(path: Path) -> dict[str, object] | None:
    """An exchange as the tests want it; None for a feed, and for one that was cut."""
    recorded = json.loads(path.read_text())
    answer = recorded["response"]
    if recorded["path"].startswith("/realtime") or answer is None:
        return None
    headers = {name.lower(): value for name, value in answer["headers"] if name.lower() in HEADERS}
    body = answer.get("body") or ""
    if headers.get("content-type", "").startswith("text/html"):
        body = body[:LONGEST_PAGE]
    elif len(body) > LONGEST_ANSWER:
        body = shortened(body)
    asked = recorded["request"].get("body")
    return {
        "scenario": recorded["scenario"],
        "seq": recorded["seq"],
        "note": recorded.get("note") or "",
        "method": recorded["method"],
        "path": recorded["path"],
        "request": asked if asked and len(asked) <= LONGEST_REQUEST else None,
        "status": answer["status"],
        "headers": headers,
        "response": body,
    }


def shortened(body: str) -> str:
    """The first items of a list, and the beginning of a long output."""
    value = json.loads(body)
    if isinstance(value.get("data"), list):
        value["data"] = value["data"][:MOST_ITEMS]
    for name in ("payload", "output", "error", "events", "trace"):
        if len(json.dumps(value.get(name))) > LONGEST_ANSWER:
            value[name] = str(value[name])[:LONGEST_PAGE]
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(source: str, target: str) -> None:
    """Write all of them, in their order."""
    lines = []
    for scenario in SCENARIOS:
        for directory in sorted(Path(source).glob(f"{scenario}-*")):
            exchanges = map(extracted, sorted(directory.glob("*.json")))
            lines += [json.dumps(e, ensure_ascii=False) for e in exchanges if e is not None]
    Path(target).write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} exchanges")


if __name__ == "__main__":
    main(*sys.argv[1:])
