"""Where requests go: kept, forgotten, and the same place with other rights."""

from pydantic import SecretStr

from trigger_widgets.api.server import Server
from trigger_widgets.config import Endpoint


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
