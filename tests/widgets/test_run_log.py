"""What a run's card asks for beside its feed: attempts, and the log while somebody looks."""

import logging

import pytest

from trigger_widgets import RunWidget, task
from trigger_widgets.widgets.pending import LIST_KEPT as LINES
from trigger_widgets.widgets.run_log import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a line\n", "a line"),
        ("\x1b[31mred\x1b[0m and \x1b[1;4mbold\x1b[m", "red and bold"),
        ("  0%|   | 0/9\r 50%|#  | 5/9\r100%|###| 9/9\r\n", "100%|###| 9/9"),
        ("one\r\ntwo\r\n", "one\ntwo"),
        ("\x1b]8;;https://example.org\x07link\x1b]8;;\x07", "link"),
    ],
)
def test_a_line_is_what_a_terminal_would_show_in_the_end(text, shown):
    assert plain(text) == shown


@pytest.fixture
def talks(here):
    @task(id="talks", retry={"max_attempts": 2, "min_timeout_ms": 1, "randomize": False})
    def talks(payload, ctx):
        print("attempt", ctx.attempt.number)  # noqa: T201 - what is printed is in the log
        logging.getLogger("talks").warning("careful", extra={"used": {"percent": 97}})
        if ctx.attempt.number == 1:
            raise ValueError("once more")

    return talks


def state_of(widget):
    return widget._channel.snapshot()[1]


def lines_of(widget):
    return len(state_of(widget).get("log", []))


def test_attempts_payload_and_log_of_one_that_somebody_looks_at(talks, until, eventually):
    widget = RunWidget(talks.trigger({"n": 1}, idempotency_key="mine"))
    widget._receive(widget, {"kind": "hello", "have": None}, [])
    until(widget, "done", value=True)
    eventually(lambda: state_of(widget).get("attempt") == 2 and lines_of(widget) >= 4)
    state = state_of(widget)
    said = [line[2] for line in state["log"]]
    assert [word for word in said if word.startswith("attempt")] == ["attempt 1", "attempt 2"]
    assert said.count('careful used={"percent":97}') == 2
    assert (state["max_attempts"], state["idempotency_key"]) == (2, "mine")
    assert state["payload"] == {"n": 1}
    html = widget.to_html()
    for words in ("attempt 2", "careful", "payload"):
        assert words in html
    widget.close()


def test_nobody_looks_so_nobody_asks_for_the_log(talks, until, eventually):
    widget = RunWidget(talks.trigger({}))
    until(widget, "done", value=True)
    eventually(lambda: state_of(widget).get("attempt") == 2)
    assert "log" not in state_of(widget)
    widget._receive(widget, {"kind": "hello", "have": None}, [])
    eventually(lambda: lines_of(widget) >= 4)
    widget.close()


def test_a_long_log_loses_its_beginning(talks, until, eventually):
    widget = RunWidget(talks.trigger({}), enabled=False)
    for part in range(3):
        widget._see_log([[0, "stdout", f"{part} {i}"] for i in range(LINES // 2)])
    log = state_of(widget)["log"]
    assert (len(log), log[0][2], log[-1][2]) == (LINES, "1 0", f"2 {LINES // 2 - 1}")
    assert len(widget._bounded(state_of(widget))["log"]) == 100
    widget.close()
