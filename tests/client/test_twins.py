"""`Trigger` and `AsyncTrigger` offer the same calls, with the same words."""

import inspect
import re
from pathlib import Path

import pytest

from trigger_widgets.client import AsyncTrigger, Trigger

RESOURCES = [
    name for name in vars(Trigger(api_url="http://x", secret_key="tr_dev_x")) if name[0] != "_"
]


def calls(client, resource):
    found = getattr(client, resource)
    return {
        name: getattr(found, name)
        for name in dir(found)
        if name[0] != "_" and callable(getattr(found, name))
    }


@pytest.fixture
def twins():
    at = {"api_url": "http://trigger.test", "secret_key": "tr_dev_x"}
    return Trigger(**at), AsyncTrigger(**at)


def in_words_of_sync(text):
    return re.sub(r"\bAsync", "", text)


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_calls_are_the_same(twins, resource):
    ours, theirs = (calls(client, resource) for client in twins)
    assert ours.keys() == theirs.keys()
    for name, call in ours.items():
        signatures = (str(inspect.signature(one)) for one in (call, theirs[name]))
        mine, other = map(in_words_of_sync, signatures)
        assert mine == other, name
        assert call.__qualname__ == theirs[name].__qualname__.replace("Async", "")


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_call_says_what_it_does_and_takes(twins, resource):
    for client in twins:
        for name, call in calls(client, resource).items():
            assert call.__doc__, name
            signature = inspect.signature(call)
            assert signature.return_annotation, name
            assert "Request[" not in str(signature), name
            assert call.__name__ == name


def test_the_class_itself_is_documented(twins):
    for client in twins:
        for resource in RESOURCES:
            kind = type(getattr(client, resource))
            assert kind.__doc__
            for name in calls(client, resource):
                assert getattr(kind, name).__doc__


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_documentation_names_every_call(twins, resource):
    text = (Path(__file__).parents[2] / "docs" / "client.md").read_text()
    for name in calls(twins[0], resource):
        assert f"`{resource}.{name}`" in text, name


def test_async_calls_are_coroutines(twins):
    _, theirs = twins
    assert inspect.iscoroutinefunction(theirs.runs.retrieve)
    assert inspect.iscoroutinefunction(theirs.wait.create_token)
