"""No key, token or callback address is in a saved notebook or in what kernel and browser say."""

import json
import re

from playwright.sync_api import expect

from trigger_widgets.engine_file import EngineFile

SCENE = """
from trigger_widgets import (
    ApprovalWidget, BatchWidget, RunWidget, StreamWidget, TaggedRunsWidget, TriggerWidget,
    batch_trigger, default_client, streams, task, wait,
)

words = streams.define("words", str)
client = default_client()

@task(id="secretive")
def secretive(payload):
    words.append("some words")
    return wait.for_token(payload["token"]).unwrap()

@task(id="quick")
def quick(payload):
    return payload

token = client.wait.create_token(timeout="10m", tags=["secret-test"])
"""
SHOW = [
    """run = secretive.trigger({"token": token.id}, tags=["secret-test"])
narrow = client.auth.create_public_token(
    scopes={"read": {"runs": [run.id], "tags": ["secret-test"]}}, expiration_time="1h"
)
run, run.public_access_token, narrow, token""",
    "RunWidget(run.id, access_token=narrow)",
    'StreamWidget(run.id, "words", access_token=narrow)',
    'TaggedRunsWidget("secret-test", access_token=narrow)',
    "batch = batch_trigger(quick, [{'n': n} for n in range(5)])\nbatch",
    "BatchWidget(batch.id, access_token=batch.public_access_token)",
    'ApprovalWidget(token.id, prompt="Go?", access_token=token.public_access_token)',
    """may = client.auth.create_trigger_public_token("quick", multiple_use=True)
TriggerWidget("quick", payload={"n": 1}, access_token=may)""",
    "RunWidget(run.id, access_token='tr_dev_' + 'f' * 64)",
]


def test_narrow_tokens_are_enough_and_are_nowhere_to_be_seen(open_notebook, data_dir, page):
    frames = []

    def listen(socket):
        for event in ("framereceived", "framesent"):
            socket.on(event, lambda frame: frames.append(frame))  # noqa: PLW0108 - it is marked

    page.on("websocket", listen)
    notebook = open_notebook(SCENE, *SHOW)
    for cell in range(1 + len(SHOW)):
        notebook.run(cell)

    expect(notebook.cell(2).locator("article.tw-run")).to_contain_text("secretive")
    expect(notebook.cell(2).locator(".tw-why")).to_contain_text("read only")
    expect(notebook.cell(3).locator("article.tw-streaming")).to_contain_text("some words")
    expect(notebook.cell(4).locator("article.tw-runs")).to_contain_text("1")
    expect(notebook.cell(6).locator("article.tw-runs")).to_contain_text("5")
    expect(notebook.cell(9).get_by_role("alert")).to_contain_text("TRIGGER_SECRET_KEY")
    notebook.cell(7).get_by_role("button", name="Approve").click()
    page.locator('article.tw-approval[data-phase="sent"]').wait_for()
    notebook.cell(8).get_by_role("button", name="Run", exact=True).click()
    # the token may only trigger; what it has triggered is watched with the run's own token
    expect(notebook.cell(8).locator('article.tw-run[data-status="COMPLETED"]')).to_be_visible()
    expect(notebook.cell(2).locator('article.tw-run[data-status="COMPLETED"]')).to_be_visible()
    notebook.save()

    key = EngineFile.read(data_dir).secret_key.get_secret_value()
    wire = "".join(f if isinstance(f, str) else f.decode(errors="replace") for f in frames)
    saved = json.dumps(
        {**notebook.saved(), "cells": [c["outputs"] for c in notebook.saved()["cells"]]}
    )
    for text in (wire, saved):
        assert "run_" in text
        assert key not in text
        assert not re.search(r"eyJ[A-Za-z0-9_-]{10,}\.eyJ", text), "a public token"
        assert not re.search(r"/callback/[0-9a-f]{64}", text), "a callback address"
        assert not re.search(r"tr_dev_f{64}", text.replace(SHOW[-1], "")), "a wrong key"
