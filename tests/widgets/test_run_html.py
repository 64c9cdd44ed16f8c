from html.parser import HTMLParser

import pytest

from trigger_widgets.widgets.run_html import run_html, run_line

STATE = {
    "run_id": "run_abc",
    "task": "bootstrap-prices",
    "status": "EXECUTING",
    "progress": {"fraction": 0.62},
    "metadata": {"stage": "resampling"},
}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</pre></div><iframe src=javascript:alert(1)>",
    "<style>*{display:none}</style>",
]


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attrs):
        self.found |= {tag, *(name for name, _ in attrs)}


def test_it_says_what_is_known():
    html = run_html(STATE)
    for words in ("bootstrap-prices", "run_abc", "Executing", "62 %", "resampling"):
        assert words in html


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_task_emits_stays_text(text):
    everywhere = {
        **STATE,
        "task": text,
        "status": "FAILED",
        "metadata": {text: [text, {"a": text}]},
        "has_output": True,
        "output": text,
        "error": {"name": text, "message": text, "stack": text},
        "hint": text,
        "fault": text,
    }
    tags = Tags()
    tags.feed(run_html(everywhere))
    assert tags.found <= {"div", "b", "span", "pre", "style"}


def test_a_completed_run_shows_its_output_and_how_long_it_ran():
    done = STATE | {
        "status": "COMPLETED",
        "started_at": 1000.0,
        "finished_at": 3500.0,
        "has_output": True,
        "output": {"mean": 0.5},
    }
    html = run_html(done)
    assert "ran 2.5 s" in html
    assert "&quot;mean&quot;: 0.5" in html


def test_a_long_traceback_is_cut_with_a_count():
    failed = STATE | {
        "status": "FAILED",
        "error": {"name": "E", "message": "m", "stack": "x" * 10_000},
    }
    assert "6,000 more characters" in run_html(failed)


def test_the_line():
    assert run_line(STATE) == "bootstrap-prices run_abc · Executing 62 %"
    assert run_line({"run_id": "run_abc"}) == "run_abc · Connecting"
    assert "Waiting for a worker" in run_line(STATE | {"status": "PENDING_VERSION"})
