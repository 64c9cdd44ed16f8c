"""What can be imported from `trigger_widgets`, and what that costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import trigger_widgets


@pytest.mark.parametrize("name", sorted(trigger_widgets.__all__))
def test_every_public_name_is_there(name):
    assert getattr(trigger_widgets, name) is not None
    assert name in dir(trigger_widgets)


def test_type_checkers_see_the_same_names():
    source = ast.parse(Path(trigger_widgets.__file__).read_text())
    block = next(node for node in source.body if isinstance(node, ast.If))
    seen = {node.names[0].name for node in block.body if isinstance(node, ast.ImportFrom)}
    assert seen | {"__version__"} == set(trigger_widgets.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="StreamWidgets"):
        trigger_widgets.StreamWidgets  # noqa: B018


def test_importing_the_package_loads_no_client_and_no_user_interface():
    code = (
        "import sys, trigger_widgets; "
        "print([m for m in ('httpx', 'ipywidgets', 'pydantic', 'starlette') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_the_engine_starts_without_the_client():
    code = (
        "import sys, trigger_widgets.engine.__main__; "
        "print([m for m in ('httpx', 'ipywidgets', 'jwt', 'pydantic') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
