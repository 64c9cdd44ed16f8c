import asyncio
import json
import warnings
from types import SimpleNamespace

import pytest

from trigger_widgets import aio
from trigger_widgets.errors import ConfigurationError, UnserializableError
from trigger_widgets.tasks import outside
from trigger_widgets.tasks.context import TaskContext
from trigger_widgets.tasks.current_streams import PartError, StreamResult, streams
from trigger_widgets.tasks.scope import RunScope, entered


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


def chunk(text, **more):
    return {"choices": [{"index": 0, "delta": {"content": text, **more}}]}


class Chunk:
    """As the objects of an OpenAI client."""

    def __init__(self, text):
        self.choices = [SimpleNamespace(delta=SimpleNamespace(content=text))]


def test_the_chunks_of_a_chat_are_text(server, run):
    source = [
        chunk("", role="assistant"), chunk("Hel"), Chunk("lo"), chunk(None, tool_calls=[]),
        Chunk(" ✓"), {"choices": [], "usage": {"total_tokens": 3}}, {"choices": [{"delta": None}]},
    ]  # fmt: skip
    assert streams.define("ai").pipe(source) == StreamResult(3, "Hello ✓")

    async def coming():
        for item in source:
            yield item

    assert streams.define("ai").pipe(coming()) == StreamResult(3, "Hello ✓")
    assert asyncio.run(aio.streams.define("ai").pipe(coming())) == StreamResult(3, "Hello ✓")
    assert texts(server) == ["Hel", "lo", " ✓"] * 3
    as_it_is = streams.define("raw", dict).pipe([chunk("a")])
    assert (as_it_is, texts(server)[-1]) == (StreamResult(1, ""), chunk("a"))


def test_a_writer_writes_from_several_places(server, run):
    with streams.define("s", int).writer() as writer:
        writer.write(1)
        writer.merge(range(2, 4))
    assert (writer.result(), texts(server)) == (StreamResult(3, ""), [1, 2, 3])

    async def twin():
        async with aio.streams.define("s", int).writer() as writer:
            await writer.write(4)
            await writer.merge([5])

    asyncio.run(twin())
    assert texts(server)[3:] == [4, 5]

    def breaks_off():
        with streams.writer("s") as writer:
            writer.write("before")
            raise ValueError("midway")

    with pytest.raises(ValueError, match="midway"):
        breaks_off()
    assert texts(server)[-1] == "before"


def test_whose_stream_it_is(server):
    ids = {"id": "run_1", "parentTaskRunId": "run_2", "rootTaskRunId": "run_3"}
    context = TaskContext.from_execution({"run": ids, "task": {"id": "t"}})
    with entered(RunScope(context, server)) as scope:
        for target in ("self", "parent", "root", "run_4", "run_1"):
            streams.pipe("s", [target], target=target)
        with pytest.raises(ConfigurationError, match="mother"):
            streams.pipe("s", [1], target="mother")
        scope.close(0)
    wrote = [(parts.target, json.loads(parts.texts[0])) for _, parts in server.writes]
    assert wrote == [
        (None, "self"), ("run_2", "parent"), ("run_3", "root"), ("run_4", "run_4"), (None, "run_1"),
    ]  # fmt: skip
    assert {run_id for run_id, _ in server.writes} == {"run_1"}
