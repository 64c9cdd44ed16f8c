from trigger_widgets.jsonable import dumps
from trigger_widgets.worker.interruption import Interruption
from trigger_widgets.worker.invocation import invoke
from trigger_widgets.worker.jobs import Job
from trigger_widgets.worker.tracebacks import format_error


class Link:
    def call(self, method, path, body, *, key=None, patient=False):
        raise AssertionError("this task has nothing to say")


def error_of(function):
    try:
        function()
    except Exception as e:
        return e
    raise AssertionError


def test_it_ends_at_the_users_line_where_ours_refused_what_it_was_given():
    name, message, text = format_error(error_of(lambda: dumps(object(), what="output")))
    assert (name, message.split(",")[0]) == ("UnserializableError", "output is a builtins.object")
    assert "trigger_widgets/jsonable.py" not in text
    assert "lambda: dumps(object()" in text


def test_groups_and_causes_are_shown_whole():
    def fails():
        raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])

    name, message, text = format_error(error_of(fails))
    assert (name, message) == ("ExceptionGroup", "several (2 sub-exceptions)")
    assert "ValueError: one" in text
    assert "TypeError: two" in text


def test_an_exception_that_is_wrong_about_itself():
    class OddError(Exception):
        def __str__(self):
            raise RuntimeError

    name, message, text = format_error(OddError())
    assert name == "OddError"
    assert "cannot be shown" in message
    assert "OddError" in text


def test_an_async_tasks_traceback_begins_at_its_own_line(registry):
    from trigger_widgets.tasks import task

    async def inner():
        raise LookupError("deep")

    @task(id="t")
    async def t(payload):
        await inner()

    job = Job("run_1", "t", {"run": {"id": "run_1"}, "attempt": {"number": 1}, "task": {"id": "t"}})
    outcome = invoke(t, job, Link(), Interruption())
    lines = outcome.error["stackTrace"].splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "test_tracebacks.py" in lines[1]
    assert "await inner()" in lines[2]
    assert outcome.may_retry
