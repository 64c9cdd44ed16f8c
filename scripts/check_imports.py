"""The one-way streets between the rooms, as CONTRIBUTING.md draws them.

Each room may import the rooms before it in its row of `MAY_IMPORT`. The engine stands apart: it
knows the vocabulary alone, and nobody imports it, so that engine and client meet only on the wire.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "trigger_widgets"
VOCABULARY = frozenset(
    "config durations engine_file errors jsonable lock models packets processes secret "
    "version".split()
)
MAY_IMPORT = {
    "api": set(),
    "realtime": {"api"},
    "client": {"api", "realtime"},
    "tasks": {"api", "realtime", "client"},
    "widgets": {"api", "realtime", "client"},
    "worker": {"api", "client", "tasks"},
    "engine": set(),
    "notebook": {"api", "realtime", "client", "tasks", "widgets", "worker"},
    "runtime": {"api", "realtime", "client", "tasks", "worker", "notebook"},
    "dev": {"api", "realtime", "client", "tasks", "worker", "runtime"},
    "cli": {"api", "realtime", "client", "tasks", "worker", "runtime", "dev"},
    "aio": {"api", "realtime", "client", "tasks"},
    "__init__": {"api", "realtime", "client", "tasks", "widgets", "worker", "notebook", "runtime"},
}


def imports(path: Path, root: Path) -> Iterator[tuple[int, str]]:
    """The rooms a file imports, with the lines where it does."""
    package = [PACKAGE, *path.relative_to(root).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == PACKAGE and len(parts) > 1:
                yield node.lineno, parts[1]


def main() -> int:
    """Print every import that goes the wrong way; 1 if there is one."""
    root = Path(__file__).parents[1] / PACKAGE
    known = VOCABULARY | MAY_IMPORT.keys()
    wrong = []
    for path in sorted(root.rglob("*.py")):
        room = path.relative_to(root).parts[0].removesuffix(".py")
        if room not in known:
            wrong.append(f"{path}: no room is called {room}; add it to {Path(__file__).name}.")
            continue
        allowed = {room} | VOCABULARY | MAY_IMPORT.get(room, set())
        for line, other in imports(path, root):
            if other in known and other not in allowed:
                wrong.append(f"{path}:{line}: {room} may not import {other}.")
    print("\n".join(wrong) or "Every import goes the right way.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
