"""What needs no server: configuration, the default client, secrets."""

import subprocess
import sys

import pytest

from trigger_widgets.client import (
    AsyncTrigger,
    Trigger,
    configure,
    default_client,
    trigger,
    use_embedded,
)
from trigger_widgets.config import Endpoint
from trigger_widgets.errors import ConfigurationError, UnknownOptionError


def test_arguments_come_before_the_environment(monkeypatch):
    monkeypatch.setenv("TRIGGER_SECRET_KEY", "tr_dev_environment")
    monkeypatch.setenv("TRIGGER_API_URL", "http://environment.test")
    monkeypatch.setenv("TRIGGER_PREVIEW_BRANCH", "branch")
    at = Trigger().endpoint
    assert (at.api_url, at.preview_branch) == ("http://environment.test", "branch")
    assert at.access_token.get_secret_value() == "tr_dev_environment"
    at = Trigger(api_url="http://argument.test", access_token="eyJ").endpoint
    assert (at.api_url, at.access_token.get_secret_value()) == ("http://argument.test", "eyJ")


@pytest.mark.parametrize("kind", [Trigger, AsyncTrigger])
def test_unknown_options_are_refused_by_name(kind):
    with pytest.raises(UnknownOptionError, match=r'has no option "apiurl"; did you mean "api_url"'):
        kind(apiurl="http://x")
    with pytest.raises(ConfigurationError, match="not both"):
        kind(access_token="a", secret_key="b")


def test_the_default_client_is_made_once_and_replaced_by_configure():
    first = configure(api_url="http://a.test", secret_key="tr_dev_x")
    assert default_client() is first
    second = configure(api_url="http://b.test", secret_key="tr_dev_x")
    assert default_client() is second
    with pytest.raises(UnknownOptionError):
        configure(keyy="x")
    assert default_client() is second


def test_the_default_client_is_the_embedded_engine_when_nothing_says_otherwise():
    with pytest.raises(ConfigurationError, match="TRIGGER_SECRET_KEY"):
        trigger("task")
    use_embedded(lambda: Endpoint("http://engine.test", None))
    assert default_client().endpoint.api_url == "http://engine.test"


def test_no_secret_in_any_repr():
    client = configure(api_url="http://a.test", secret_key="tr_dev_secret")
    for thing in (client, client.endpoint, client.runs, client.tasks, client.auth):
        assert "tr_dev_secret" not in repr(thing)
        assert "tr_dev_secret" not in str(getattr(thing, "__dict__", ""))


def test_importing_does_nothing():
    code = (
        "import threading, sys; import trigger_widgets.client; "
        "assert threading.active_count() == 1; assert 'IPython' not in sys.modules; "
        "assert 'trigger_widgets.engine' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False).returncode == 0
