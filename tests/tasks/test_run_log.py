import logging
import time

from patience import until

from trigger_widgets.errors import APIConnectionError, NotFoundError
from trigger_widgets.tasks.run_log import RunLog
from trigger_widgets.tasks.run_logger import properties_of


def texts(server):
    return [record["text"] for _, _, body in server.calls for record in body["records"]]


def test_lines_are_whole_and_a_progress_bar_is_its_last_state(server):
    log = RunLog("run_1", server.call)
    log.write("stdout", "one\ntw")
    log.write("stderr", "10%\r50%\r100%\n")
    log.write("stdout", "o\r\nrest")
    log.record("said", "INFO")
    log.close(1)
    assert texts(server) == ["one", "100%", "two", "said", "rest"]
    method, path, body = server.calls[0]
    assert (method, path) == ("POST", "/engine/v1/runs/run_1/logs")
    record = body["records"][0]
    assert abs(record["time"] / 1000 - time.time()) < 60
    assert record["stream"] == "stdout"


def test_no_value_of_a_records_extra_makes_logging_fail(server):
    class Broken:
        def __repr__(self):
            raise ValueError("no")

    record = logging.makeLogRecord({"msg": "x", "n": float("nan"), "b": Broken(), "s": "x" * 10**5})
    logging.Formatter("%(asctime)s %(message)s").format(record)
    properties = properties_of(record)
    assert properties.pop("b").startswith("<Broken instance at")
    assert len(properties.pop("s")) < 10**5
    assert properties == {"n": None}
    log = RunLog("run_1", server.call)
    log.record("x", "INFO", properties)
    log.close(1)
    assert server.calls[0][2]["records"][0]["properties"] == properties


def test_a_server_without_run_logs_is_asked_once(server):
    server.answers = [NotFoundError("no such path", status=404)]
    log = RunLog("run_1", server.call)
    log.record("one", "INFO")
    log.close(1)
    log.record("two", "INFO")
    log.close(1)
    assert len(server.calls) == 1


def test_what_could_not_be_sent_is_sent_later_and_in_order(server):
    server.answers = [APIConnectionError("cut")]
    log = RunLog("run_1", server.call)
    log.record("one", "INFO")
    until(lambda: server.calls)
    log.record("two", "INFO")
    until(lambda: log.wait_idle(1) and not log.has_pending())
    assert texts(server) == ["one", "one", "two"]
    assert server.keys[0] == server.keys[1] != server.keys[2]  # what may have arrived is the same


def test_a_flood_loses_its_oldest_lines_and_says_so(server):
    server.hold = True
    log = RunLog("run_1", server.call)
    log.record("first", "INFO")
    log.send()
    log.write("stdout", "".join(f"{i}\n" for i in range(10_500)))
    server.hold = False
    server.held.pop().set_result(None)
    assert log.drain(5)
    kept = texts(server)
    assert kept[:2] == ["first", "500 lines before this one came too fast and were dropped"]
    assert kept[2:] == [str(i) for i in range(500, 10_500)]
