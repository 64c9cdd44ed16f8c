"""The tree is the one that its docstring draws."""

import inspect
import re

import pytest

from trigger_widgets import errors


def drawn():
    """Each class of the drawing with its parent's name."""
    parents = {}
    last = {}
    for line in errors.__doc__.splitlines():
        if match := re.match(r"( *)[*+-] (\w+)", line):
            depth = len(match[1]) // 2
            last[depth] = match[2]
            parents[match[2]] = last[depth - 1] if depth else "Exception"
    return parents


def test_the_drawing_is_the_tree():
    tree = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, Exception)
    }
    assert drawn() == tree


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequestError), (401, errors.AuthenticationError),
        (403, errors.PermissionDeniedError), (404, errors.NotFoundError),
        (409, errors.ConflictError), (422, errors.UnprocessableError),
        (429, errors.RateLimitError), (501, errors.UnsupportedError), (500, errors.ServerError),
        (503, errors.ServerError), (418, errors.APIStatusError), (302, errors.APIStatusError),
    ],
)  # fmt: skip
def test_errors_are_typed_by_status(status, kind):
    assert errors.APIStatusError.class_for(status) is kind


def test_mistakes_are_also_what_python_calls_them():
    assert issubclass(errors.UnknownOptionError, TypeError)
    assert issubclass(errors.UnserializableError, TypeError)
    assert issubclass(errors.ResultTimeoutError, TimeoutError)


def test_unknown_options():
    errors.refuse_unknown(["a"], ["a", "b"], of="x")
    with pytest.raises(
        errors.UnknownOptionError, match='x has no option "tag"; did you mean "tags"'
    ):
        errors.refuse_unknown(["tag"], ["tags", "ttl"], of="x")
    with pytest.raises(errors.UnknownOptionError, match=r"it takes tags, ttl\."):
        errors.refuse_unknown(["zzzzz"], ["ttl", "tags"], of="x")
