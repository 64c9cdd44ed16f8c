"""The static copy of a card, as a real kernel sends it."""

import pytest
from kernels import start_kernel
from patience import PATIENCE

SHOW = """
from trigger_widgets import RunWidget, Trigger
client = Trigger(api_url="http://127.0.0.1:9", access_token="tr_dev_nobody")
RunWidget("run_1", client=client, enabled=False)
"""
OF_JUPYTERLAB = {"deletedCells": [], "recordTiming": False, "cellId": "a", "trusted": True}


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_kernel()
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def shown(client, metadata):
    """Runs the cell; gives the messages with which its outputs come, and the one of its end."""
    content = {"code": SHOW, "silent": False, "store_history": False, "allow_stdin": False}
    request = client.session.msg("execute_request", content, metadata=metadata)
    client.shell_channel.send(request)
    while True:
        message = client.get_iopub_msg(timeout=PATIENCE)
        kind, content = message["header"]["msg_type"], message["content"]
        if kind in ("display_data", "update_display_data"):
            yield kind, content
        elif kind == "error":
            raise AssertionError(content["evalue"])
        elif content == {"execution_state": "idle"} and (
            message["parent_header"]["msg_id"] == request["header"]["msg_id"]
        ):
            yield "idle", None


def test_in_jupyterlab_the_card_comes_first_and_its_copy_later(kernel):
    outputs = shown(kernel, OF_JUPYTERLAB)
    kind, place = next(outputs)
    assert kind == "display_data"
    assert place["data"] == {"text/plain": ""}
    kind, card = next(outputs)
    assert "application/vnd.jupyter.widget-view+json" in card["data"]
    assert next(outputs)[0] == "idle"
    kind, copy = next(outputs)
    assert kind == "update_display_data"
    assert copy["transient"] == place["transient"]
    assert "run_1" in copy["data"]["text/html"]


def test_elsewhere_the_copy_is_there_before_the_cell_ends(kernel):
    outputs = shown(kernel, {})
    kind, copy = next(outputs)
    assert kind == "display_data"
    assert "run_1" in copy["data"]["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in next(outputs)[1]["data"]
