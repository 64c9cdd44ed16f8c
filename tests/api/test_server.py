"""Where requests go: kept, forgotten, and the same place with other rights."""

from pydantic import SecretStr

from trigger_widgets.api.auth import create_public_token
from trigger_widgets.api.headers import feed_headers
from trigger_widgets.api.server import Server
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.config import Endpoint, current


def places(*urls):
    left = iter(urls)
    return lambda: Endpoint(next(left), SecretStr("tr_dev_secret"))


def test_an_endpoint_is_located_once():
    server = Server(places("http://a.test"))
    assert server.located is None
    assert str(server) == "the server"
    assert server.endpoint() is server.endpoint() is server.located
    assert str(server) == "http://a.test"
    server.forget(server.endpoint())  # a server of somebody's own does not move
    assert server.endpoint().api_url == "http://a.test"


def test_an_engine_that_did_not_answer_is_located_again_once():
    server = Server(places("http://a.test", "http://b.test"), embedded=True)
    assert str(server) == "the embedded engine"
    first = server.endpoint()
    server.forget(first)
    second = server.endpoint()
    server.forget(first)  # another thread, which was slower
    assert server.endpoint() is second
    assert str(server) == "the embedded engine at http://b.test"


def test_with_another_token_it_is_the_same_place_wherever_that_moves():
    server = Server(places("http://a.test", "http://b.test"), embedded=True)
    narrow = server.with_token(SecretStr("eyJ"))
    assert narrow.located is None
    at = narrow.endpoint()
    assert (at.api_url, at.access_token.get_secret_value()) == ("http://a.test", "eyJ")
    assert narrow.located == at
    narrow.forget(at)
    assert server.endpoint().api_url == narrow.endpoint().api_url == "http://b.test"
    assert "eyJ" not in str(narrow)


def test_keys_tell_places_and_rights_apart():
    locate = places("http://a.test")
    server = Server(locate, embedded=True)
    one, two = SecretStr("one"), SecretStr("two")
    assert server.key == Server(locate, embedded=True).key
    assert server.with_token(one).key == server.with_token(one).key
    assert len({server.key, server.with_token(one).key, server.with_token(two).key}) == 3
    fixed = Server(places("http://a.test"))
    assert fixed.key == Server(places("http://a.test")).key
    assert fixed.key != fixed.with_token(one).key


def asked(*tokens):
    left = iter(tokens)
    return lambda: next(left)


def test_a_token_that_was_asked_for_is_asked_for_again_once_it_is_refused():
    give = asked("first", "second")
    server = Server(lambda: Endpoint("http://a.test", current(give)), asks=give)
    first = server.endpoint()
    assert server.renew(first)
    assert server.endpoint().access_token.get_secret_value() == "second"
    assert server.renew(first)  # another thread, which was slower
    assert server.endpoint().access_token.get_secret_value() == "second"
    assert not Server(places("http://a.test")).renew(first)


def test_other_rights_may_be_asked_for_too():
    give = asked("first", SecretStr("second"))
    for embedded in (False, True):
        server = Server(places("http://a.test"), embedded=embedded)
        assert server.with_token(give).key == server.with_token(give).key
        assert server.with_token(give).key != server.key
    give = asked("first", SecretStr("second"))
    narrow = Server(places("http://a.test")).with_token(give)
    assert narrow.located is None
    first = narrow.endpoint()
    assert first.access_token.get_secret_value() == "first"
    assert narrow.renew(first)
    assert narrow.renew(first)
    assert narrow.endpoint().access_token.get_secret_value() == "second"
    assert not Server(places("http://a.test")).with_token(SecretStr("x")).renew(first)


def test_who_triggers_with_a_public_token_watches_with_what_that_gave():
    secret = Server(places("http://a.test"))
    token = SecretStr("given")
    assert secret.readable_with(token) is secret.readable_with(None) is secret
    scopes = create_public_token(scopes={"trigger": {"tasks": "t"}})
    narrow = secret.with_token(scopes.sign(SecretStr("tr_dev_x"), "env"))
    watching = narrow.readable_with(token)
    assert watching.endpoint().access_token == token
    for kind in (Transport, AsyncTransport):
        transport = kind(narrow, timeout=3, max_attempts=2)
        assert transport.on(narrow) is transport
        other = transport.on(watching)
        assert (other.server, other.timeout, other.max_attempts) == (watching, 3, 2)


def test_a_feed_says_which_headers_it_wants():
    headers = feed_headers(Endpoint("http://a.test", SecretStr("tr_dev_x"), "branch"))
    assert headers["x-trigger-electric-version"]
    assert headers["x-trigger-branch"] == "branch"
