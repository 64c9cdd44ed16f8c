import inspect

import pytest

from trigger_widgets.errors import ConfigurationError, UnknownOptionError
from trigger_widgets.tasks import Task, task


def test_bare_the_functions_name_is_the_id(registry):
    @task
    def hello(payload):
        """Says hello."""
        return payload

    assert isinstance(hello, Task)
    assert (hello.id, hello.__name__, hello.__doc__) == ("hello", "hello", "Says hello.")
    assert hello(3) == 3
    assert registry.get("hello") is hello
    assert str(inspect.signature(hello)) == "(payload)"


def test_options_become_the_wires_words(registry):
    @task(
        id="train-model",
        retry={"max_attempts": 2, "min_timeout_ms": 200},
        queue={"name": "gpu", "concurrency_limit": 1},
        max_duration="5m",
        description="Trains.",
    )
    def train(payload, ctx):
        return None

    wire = train.manifest.to_wire()
    assert wire.pop("filePath").endswith("tests/tasks/test_definition.py")
    assert wire.pop("exportName").endswith("train")
    assert wire == {
        "id": "train-model",
        "retry": {
            "maxAttempts": 2, "factor": 2, "minTimeoutInMs": 200, "maxTimeoutInMs": 60_000,
            "randomize": True,
        },
        "queue": {"name": "gpu", "concurrencyLimit": 1},
        "maxDuration": 300,
        "description": "Trains.",
    }  # fmt: skip


def test_in_a_file_three_attempts_and_in_a_notebook_one(registry):
    @task
    def in_a_file(payload): ...

    cell = {"__name__": "__main__", "task": task}
    exec("@task\ndef in_a_cell(payload): ...", cell)
    assert in_a_file.options.retry.max_attempts == 3
    assert cell["in_a_cell"].options.retry.max_attempts == 1
    assert cell["in_a_cell"].manifest.file_path == "notebook"


def test_a_cell_that_is_run_again_replaces_its_task_and_tells(registry):
    heard = []
    forget = registry.on_define(heard.append)
    cell = {"__name__": "__main__", "task": task}
    exec("@task\ndef t(payload): return 1", cell)
    first = cell["t"]
    exec("@task\ndef t(payload): return 2", cell)
    assert registry.get("t")({}) == 2
    assert heard == [first, cell["t"]]
    assert first.manifest.code != cell["t"].manifest.code
    forget()
    exec("@task\ndef other(payload): ...", cell)
    assert len(heard) == 2


@pytest.mark.parametrize("bad", ["", "a b", "a/b", "a?b", "x" * 129, 3, "line\nbreak"])
def test_ids_are_checked(registry, bad):
    with pytest.raises(ConfigurationError, match=r"is not a task id; use 1 to 128 characters"):
        task(id=bad)(lambda payload: None)
    assert registry.tasks() == []


def define(function=None, **options):
    return task(id="t", **options)(function or (lambda payload: None))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"retries": 3}, r'^task "t" has no option "retries"; did you mean "retry"\?'),
        ({"retry": {"maxAttempts": 3}}, r'^retry of task "t" has no option "maxAttempts"; did'),
        ({"retry": 3}, r'^retry of task "t" must be a dict like'),
        ({"retry": {"max_attempts": 0}}, r"must be a whole number of at least 1, not 0"),
        ({"queue": {"concurrency_limit": "2"}}, r"concurrency_limit in queue of task .* not '2'"),
        ({"max_duration": -1}, r"max_duration of task .* above 0"),
        ({"max_duration": "soon"}, r"is not a duration"),
        ({"description": 3}, r"must be text"),
    ],
)
def test_mistakes_are_one_sentence(registry, options, sentence):
    with pytest.raises(ConfigurationError, match=sentence) as mistake:
        define(**options)
    assert isinstance(mistake.value, UnknownOptionError) == ("has no option" in str(mistake.value))
    assert registry.tasks() == []


def generator(payload):
    yield payload


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda a, b, c: None, r'nothing would fill its parameter "c"'),
        (lambda a, *, b: None, r'nothing would fill its parameter "b"'),
        (generator, r"yields; a task returns one output"),
        (len, r"decorates a function"),
    ],
)
def test_functions_that_cannot_be_tasks(registry, function, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        define(function)


def test_decorated_twice(registry):
    with pytest.raises(ConfigurationError, match="decorated twice"):
        define(define())
