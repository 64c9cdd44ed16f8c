"""`@task`: a Python function that runs durably, with retries, wherever its worker is."""

from __future__ import annotations

import hashlib
import inspect
import marshal
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from trigger_widgets.errors import ConfigurationError

from . import current_children
from .children import linked, tied_to_worker
from .hooks import Hooks
from .manifest import TaskManifest
from .options import DEFAULT_MAX_ATTEMPTS, INTERACTIVE_MAX_ATTEMPTS, parse_options
from .payloads import Parameters
from .registry import registry
from .results import Result

if TYPE_CHECKING:
    from trigger_widgets.realtime.batch import BatchHandle
    from trigger_widgets.realtime.handle import RunHandle

P = ParamSpec("P")
R = TypeVar("R")

# an id is a segment of a URL, and is typed and read by people
_ID = re.compile(r"[^\s/\\?#%\x00-\x1f\x7f]{1,128}")


class Task(Generic[P, R]):
    """A task of this process. Calling it runs the function inline, as if undecorated."""

    def __init__(self, function: Callable[P, R], task_id: str, options: dict[str, Any]) -> None:
        self.id = _checked_id(task_id)
        self.function = function
        self.is_async = inspect.iscoroutinefunction(function)
        self.is_interactive = _is_interactive(function)
        self.file_path = _file_path(function)
        self.export_name = function.__qualname__
        attempts = INTERACTIVE_MAX_ATTEMPTS if self.is_interactive else DEFAULT_MAX_ATTEMPTS
        what = f'task "{self.id}"'
        self.options = parse_options(options, what=what, default_attempts=attempts)
        self.hooks = Hooks.taken_from(options, what=what)
        self.parameters = Parameters(function, self.id, has_init=self.hooks.init is not None)
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self.__wrapped__ = function

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function here and now, without a server; a coroutine if it is async."""
        return self.function(*args, **kwargs)

    def check_payload(self, payload: Any) -> Any:
        """The payload as the type that the task asks for; `TaskInputError` names what is wrong."""
        return self.parameters.check_input(payload)

    def check_output(self, output: Any) -> Any:
        """An output as the type that the task promises; `TaskOutputError` names what is wrong."""
        return self.parameters.check_output(output)

    def trigger(self, payload: Any = None, **options: Any) -> RunHandle:
        """Start a run of this task and give its handle at once.

        `options` are those of `tasks.trigger`. The run is executed by this very process, with
        the code as it is defined now, unless `version=…` says otherwise.
        """
        from trigger_widgets.client import default_client

        return default_client().tasks.trigger(self, payload, **options)

    def batch_trigger(self, items: Any, *, key: Any = None, **options: Any) -> BatchHandle:
        """Start a run for each item and give one handle for all of them.

        As `trigger`, with `items`, `key` and `options` as those of `tasks.batch_trigger`.
        """
        from trigger_widgets.client import default_client

        return default_client().tasks.batch_trigger(self, items, key=key, **options)

    def trigger_and_wait(self, payload: Any = None, **options: Any) -> Result[Any]:
        """Inside of a run: start a child run and wait for its end, as a `Result` either way.

        The run holds no slot meanwhile. An attempt that comes after finds the child by its task
        and payload, unless it failed. In a coroutine use `aio.trigger_and_wait`.
        """
        return current_children.trigger_and_wait(self, payload, **options)

    def batch_trigger_and_wait(self, items: Any, **options: Any) -> list[Result[Any]]:
        """Inside of a run: start a child run for each item and wait until all of them have ended,
        as one `Result` an item, in their order.

        As `trigger_and_wait`, with `items` and `options` as those of `batch_trigger`.
        """
        return current_children.batch_trigger_and_wait(self, items, **options)

    def replaces(self, other: Task[..., Any]) -> bool:
        """Whether defining this after `other`, of the same id, is the same thing done again."""
        return self.is_interactive or (self.file_path, self.export_name) == (
            other.file_path,
            other.export_name,
        )

    @property
    def manifest(self) -> TaskManifest:
        """What a worker registers."""
        return TaskManifest(
            self.id, self.file_path, self.export_name, self.options, _code_hash(self.function)
        )

    def __repr__(self) -> str:
        return f"<task {self.id}; .trigger(payload) starts a run of it>"


@overload
def task(function: Callable[P, R], /) -> Task[P, R]: ...
@overload
def task(id: str | None = None, **options: Any) -> Callable[[Callable[P, R]], Task[P, R]]: ...
def task(first: Any = None, /, **options: Any) -> Any:
    """Make a function a task: `@task`, or `@task(id="train", retry={"max_attempts": 3})`.

    The function takes `(payload)` or `(payload, ctx)` and may be async. Without an id its name
    is the id. Options: `retry` (max_attempts, factor, min_timeout_ms, max_timeout_ms,
    randomize), `queue` (name, concurrency_limit), `max_duration` (seconds, or "5m"), `ttl` (how
    long a run may be queued), `machine` (a preset), `description`, `isolation="process"` (a
    notebook's task in a process of its own: parallel, and killed where it does not stop), and
    the hooks `init`, `on_start`, `on_success`, `on_failure` and `cleanup`: functions that are
    called with what they name of `payload`, `ctx`, `init`, `output` and `error`. Where there is
    an `init` hook, the task may take what it returned as a parameter `init`. Tasks in files are
    attempted 3 times by default, those of a notebook once. `ConfigurationError` and its
    `UnknownOptionError` say what is wrong.
    """
    if inspect.isfunction(first):
        return _define(first, None, {})
    if first is not None and "id" not in options:
        options["id"] = first
    elif first is not None:
        raise ConfigurationError("@task was given two ids; give one.")

    def decorate(function: Callable[P, R]) -> Task[P, R]:
        rest = dict(options)
        return _define(function, rest.pop("id", None), rest)

    return decorate


def own(task: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options to trigger `task` with on the embedded engine.

    A task object means the code that is here. An id means any process that has a task of it; this
    one's worker only has to be there for it.
    """
    if isinstance(task, Task):
        return linked(tied_to_worker(options))
    if isinstance(task, str) and registry.get(task) is not None and registry.ensure_worker:
        registry.ensure_worker()
    return dict(options)


def _define(function: Callable[P, R], task_id: Any, options: dict[str, Any]) -> Task[P, R]:
    if isinstance(function, Task):
        raise ConfigurationError(f'task "{function.id}" is decorated twice; one @task is enough.')
    if not inspect.isfunction(function):
        raise ConfigurationError(
            f"@task decorates a function, not {function!r}; write a def or an async def."
        )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigurationError(
            f"{function.__qualname__} yields; a task returns one output, so collect and return it."
        )
    made: Task[P, R] = Task(function, function.__name__ if task_id is None else task_id, options)
    registry.define(made)
    return made


def _checked_id(task_id: Any) -> str:
    if not isinstance(task_id, str) or not _ID.fullmatch(task_id):
        raise ConfigurationError(
            f"{task_id!r} is not a task id; use 1 to 128 characters without spaces and "
            'without / \\ ? # %, like "train-model".'
        )
    return task_id


def _is_interactive(function: Callable[..., Any]) -> bool:
    """Whether it was written in a notebook or at a prompt: a `__main__` that is no file."""
    space = function.__globals__
    return space.get("__name__") == "__main__" and "__file__" not in space


def _file_path(function: Callable[..., Any]) -> str:
    if _is_interactive(function):
        return "notebook"
    path = Path(function.__code__.co_filename)
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _code_hash(function: Callable[..., Any]) -> str:
    """Changes with the function's own code; a closure or a helper it calls does not count."""
    return hashlib.sha256(marshal.dumps(function.__code__)).hexdigest()
