"""Loads files of tasks, as modules of their own name."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.tasks.registry import registry


class LoadError(ConfigurationError):
    """A file of tasks that cannot be used; one sentence says why."""


def check_files(files: Iterable[Path]) -> None:
    """`LoadError` for the first that is not there."""
    for file in files:
        if file.is_dir():
            raise LoadError(f"{file} is a folder; name the files in it that define tasks.")
        if not file.exists():
            raise LoadError(f"{file} does not exist.")


def load_files(files: Sequence[Path]) -> None:
    """Import the files in order, each able to import its neighbours. `LoadError` for the first
    that is not Python, raises, or defines no task.
    """
    check_files(files)
    for file in files:
        _load(file.resolve(), shown=file)


def source_files(files: Sequence[Path]) -> list[str]:
    """The files and what they import from their own folders: what to watch for changes."""
    paths = [file.resolve() for file in files]
    return sorted({*map(str, paths), *sources_below([path.parent for path in paths])})


def sources_below(folders: Sequence[Path]) -> set[str]:
    """The files of all modules that were imported from these folders."""
    found = set()
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if not isinstance(path, str) or "site-packages" in path:
            continue
        if any(Path(path).is_relative_to(folder) for folder in folders):
            found.add(path)
    return found


def _load(path: Path, *, shown: Path) -> None:
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    known = len(registry.tasks())
    name = path.stem if path.stem.isidentifier() and path.stem not in sys.modules else None
    name = name or f"tasks_in_{abs(hash(path))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LoadError(f"{shown} is not a Python file; its name must end with .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as e:
        where = f"{e.filename or shown}, line {e.lineno}" if e.lineno else str(shown)
        raise LoadError(f"{_as_given(where, path, shown)} is not valid Python: {e.msg}.") from None
    except ConfigurationError as e:
        raise LoadError(f"{shown}: {e}") from None
    except BaseException as e:  # whatever a file does when it is imported
        line = _line_in(e, path)
        raise LoadError(f"{shown}{line} cannot be loaded: {type(e).__name__}: {e}") from None
    if len(registry.tasks()) == known:
        raise LoadError(f"{shown} defines no task; decorate a function in it with @task.")


def _as_given(text: str, path: Path, shown: Path) -> str:
    return text.replace(str(path), str(shown))


def _line_in(error: BaseException, path: Path) -> str:
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path)
    ]
    return f", line {lines[-1]}" if lines else ""
