"""The static copies: whatever a task says, in every field, is text in a few elements of ours."""

from html.parser import HTMLParser

import pytest

from trigger_widgets.widgets.approval_html import approval_html
from trigger_widgets.widgets.input_html import input_html
from trigger_widgets.widgets.run_html import run_html
from trigger_widgets.widgets.runs_html import runs_html
from trigger_widgets.widgets.stream_html import stream_html
from trigger_widgets.widgets.trigger_html import trigger_html

CORPUS = [
    "<script>pwned=1</script>",
    "<img src=x onerror=pwned=1>",
    '"><b onmouseover=pwned=1>x</b>',
    "'><svg/onload=pwned=1>",
    "</pre></div><iframe srcdoc='x'></iframe>",
    "</style><style>*{display:none}</style>",
    "[x](javascript:pwned=1) ![x](https://evil.example/pixel.png)",
    "&lt;script&gt;",
    "<!-- --><![CDATA[",
]


def stream(evil):
    return stream_html(
        dict.fromkeys(("run_id", "task", "stream", "text", "hint", "fault", "truncated"), evil)
        | {"items": [evil, {evil: [evil]}], "parts": 2, "status": evil}
    )


def approval(evil):
    names = ("title", "token_id", "run_id", "prompt", "hint", "reason", "fault", "phase")
    decision = {"approved": None, "by": evil, "comment": evil, "output": {evil: evil}}
    return approval_html(dict.fromkeys(names, evil) | {"decision": decision})


def told(evil):
    sent = {evil: {"data": evil, "state": evil}, "s2": {"data": {evil: evil}, "state": "failed"}}
    names = ("run_id", "task", "stream", "status", "hint", "fault")
    return input_html(dict.fromkeys(names, evil) | {"sent": sent, "earlier": 2})


def run(evil):
    known = {"metadata": {evil: [evil, {"a": evil}]}, "tags": [evil], "log": [[1, evil, evil]]}
    error = {"name": evil, "message": evil, "stack": evil}
    names = ("run_id", "task", "status", "payload", "output", "hint", "fault")
    has = {"has_payload": True, "has_output": True, "attempt": 2, "progress": {"fraction": 0.5}}
    return run_html(dict.fromkeys(names, evil) | has | known | {"error": error})


def runs(evil):
    each = dict.fromkeys(("task", "status", "label", "note"), evil)
    # a name with no dot is a column of the card's own, which the copy has anyway
    rows = {evil: each | {"cells": {f"output.{evil}": evil}}, "run_2": each}
    known = {"rows": rows, "counts": {evil: 2}, "columns": [f"output.{evil}"]}
    return runs_html(dict.fromkeys(("title", "subtitle", "hint", "fault"), evil) | known)


def trigger(evil):
    started = {"id": evil, "status": evil, "payload": evil}
    return trigger_html({"task": evil, "fault": evil, "runs": [started, started]})


class Seen(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements, self.text = [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, attrs))

    def handle_comment(self, data):
        self.elements.append(("!--", data))

    def unknown_decl(self, data):
        self.elements.append(("![", data))

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("copy", [stream, approval, told, run, runs, trigger])
@pytest.mark.parametrize("evil", CORPUS)
def test_a_static_copy_stays_inert(copy, evil):
    seen, plain = Seen(), Seen()
    seen.feed(copy(evil))
    plain.feed(copy("x"))
    # the very elements that harmless words make
    assert seen.elements == plain.elements
    assert {tag for tag, _ in seen.elements} <= {
        "div",
        "b",
        "span",
        "pre",
        "table",
        "tr",
        "th",
        "td",
    }
    assert evil in "".join(seen.text)
