import asyncio
import json
import warnings

import pytest

from trigger_widgets import aio
from trigger_widgets.errors import ConfigurationError, UnserializableError
from trigger_widgets.tasks import outside
from trigger_widgets.tasks.current_streams import PartError, StreamResult, streams


def texts(server):
    return [json.loads(text) for _, parts in server.writes for text in parts.texts]


def test_a_pipe_gives_what_it_wrote(server, run):
    assert streams.pipe("s", ["a", "b ✓"]) == StreamResult(2, "ab ✓")
    assert streams.define("n", int).pipe(range(3)) == StreamResult(3, "")
    assert texts(server) == ["a", "b ✓", 0, 1, 2]


def test_coroutines_and_what_is_async(server, run):
    async def source():
        yield 1
        yield 2

    async def main():
        await aio.streams.append("s", 0)
        return await aio.streams.define("s", int).pipe(source())

    assert asyncio.run(main()).parts == 2
    assert streams.pipe("s", source()).parts == 2
    assert texts(server) == [0, 1, 2, 1, 2]


@pytest.mark.parametrize("stream", ["", "a b", "a/b", 'a"b', "{a}", "a,b", 3, None])
def test_an_id_is_a_segment_of_a_url(stream):
    with pytest.raises(ConfigurationError, match="is not the id of a stream"):
        streams.define(stream)


@pytest.mark.parametrize(
    ("type_", "part", "sentence"),
    [
        (str, 3, 'part of the stream "s" is wrong: .*, got 3'),
        (dict, "text", "valid dictionary"),
        (object, object(), 'a part of the stream "s" is a builtins.object'),
        (str, "x" * 900_000, "has 900 KB of JSON, and a part may have 900 KB"),
    ],
)
def test_a_part_that_cannot_be_written_is_named(server, run, type_, part, sentence):
    with pytest.raises((PartError, UnserializableError), match=sentence):
        streams.define("s", type_).append(part)
    assert not server.writes


def test_the_sources_own_exception_comes_after_its_parts(server, run):
    def source():
        yield "before"
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        streams.pipe("s", source())
    assert texts(server) == ["before"]


def test_outside_of_a_run_it_does_nothing_and_says_so_once(monkeypatch):
    monkeypatch.setattr(outside, "_said", set())
    with pytest.warns(UserWarning, match="not part of a run") as caught:
        streams.append("s", "a")
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert streams.define("s").pipe(["a", "b"]) == StreamResult(2, "ab")
