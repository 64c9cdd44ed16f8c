import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from trigger_widgets.config import CLOUD_URL, Endpoint, locate
from trigger_widgets.errors import ConfigurationError

KEY = "tr_dev_secret"


def at(environ=None, **options):
    return locate(environ=environ or {}, **options)()


@pytest.mark.parametrize(
    ("environ", "options", "endpoint"),
    [
        ({}, {"access_token": KEY}, (CLOUD_URL, KEY, None)),
        ({"TRIGGER_SECRET_KEY": KEY}, {}, (CLOUD_URL, KEY, None)),
        ({"TRIGGER_ACCESS_TOKEN": "eyJ"}, {}, (CLOUD_URL, "eyJ", None)),
        ({"TRIGGER_SECRET_KEY": KEY, "TRIGGER_ACCESS_TOKEN": "x"}, {}, (CLOUD_URL, KEY, None)),
        ({"TRIGGER_SECRET_KEY": "x", "TRIGGER_API_URL": "http://e.test"},
         {"api_url": "http://a.test/", "access_token": SecretStr(f" {KEY}\n")},
         ("http://a.test", KEY, None)),
        ({"TRIGGER_SECRET_KEY": KEY, "TRIGGER_PREVIEW_BRANCH": "b"}, {}, (CLOUD_URL, KEY, "b")),
        ({"TRIGGER_SECRET_KEY": KEY, "TRIGGER_DEV_BRANCH": "d"}, {}, (CLOUD_URL, KEY, "d")),
        ({"TRIGGER_SECRET_KEY": KEY, "TRIGGER_DEV_BRANCH": "d"}, {"preview_branch": "p"},
         (CLOUD_URL, KEY, "p")),
        ({"TRIGGER_SECRET_KEY": KEY, "TRIGGER_API_URL": "https://h.test:8443/base/"}, {},
         ("https://h.test:8443/base", KEY, None)),
    ],
)  # fmt: skip
def test_arguments_then_environment(environ, options, endpoint):
    found = at(environ, **options)
    assert (
        found.api_url,
        found.access_token.get_secret_value(),
        found.preview_branch,
    ) == endpoint


def test_neither_means_the_embedded_engine():
    endpoint = Endpoint("http://127.0.0.1:1", SecretStr(KEY))
    assert locate(environ={}, embedded=lambda: endpoint)() is endpoint
    with pytest.raises(ConfigurationError, match="no server to speak to"):
        locate(environ={})


def test_an_address_without_a_key_is_a_mistake():
    with pytest.raises(ConfigurationError, match=r"no key for http://a\.test"):
        locate(environ={}, api_url="http://a.test", embedded=lambda: None)


@pytest.mark.parametrize(
    "url",
    ["a.test", "ftp://a.test", "http://", "http://a.test:port", "http://a.test:0", KEY,
     f"{KEY}@a.test", f"http://user:{KEY}@a.test", f"http://a.test/?key={KEY}", "http://[::1"],
)  # fmt: skip
def test_what_is_no_address_is_named_without_a_key(url):
    with pytest.raises(ConfigurationError, match="address") as raised:
        at(api_url=url, access_token="tr_dev_x")
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("key", ["tr_dev_a b", "tr_dev_\u2028x", '"tr_dev_ü"', " ", "tr\r\nx: y"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(key):
    with pytest.raises(ConfigurationError, match="copy it again") as raised:
        at(access_token=key)
    assert "tr_dev" not in str(raised.value)


@given(st.text(), st.text())
def test_no_mistake_shows_the_key(url, noise):
    try:
        shown = repr(at(api_url=url, access_token=KEY + noise))
    except ConfigurationError as e:
        shown = str(e)
    assert KEY not in shown
