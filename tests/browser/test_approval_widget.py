"""A run waits for a person, who decides in the notebook, also while a cell waits for the run."""

import pytest
from playwright.sync_api import expect

DEFINE = """
from trigger_widgets import ApprovalWidget, task, trigger, wait

@task(id="asks")
def asks(payload):
    decision = wait.for_token("go", timeout=payload.get("timeout", "10m"))
    return decision.output if decision.ok else {"error": str(decision.error)}
"""
ASK = """run = asks.trigger({})
approval = ApprovalWidget(run, "go", title="Go on?", prompt="Deploy **v2**?")
approval"""
CARD = "article.tw-approval"


def card(page, phase):
    return page.locator(f'{CARD}[data-phase="{phase}"]')


def test_approving_lets_the_cell_that_waits_go_on(open_notebook, page):
    """The hard case: the kernel is busy in `run.result()`, and only the click can end that."""
    notebook = open_notebook(DEFINE, ASK, "run.result()", "approval.output")
    notebook.run(0)
    notebook.run(1)
    expect(card(page, "asking").get_by_role("button", name="Approve")).to_be_visible()
    expect(card(page, "asking").locator("strong")).to_have_text("v2")
    notebook.start(2)
    notebook.until_busy()
    page.get_by_role("textbox", name="Comment").fill("looks right")
    page.get_by_role("button", name="Approve").click()
    notebook.wait(2)
    assert "'approved': True" in notebook.text(2)
    assert "looks right" in notebook.text(2)
    card(page, "accepted").wait_for()
    expect(card(page, "accepted")).to_contain_text("looks right")
    assert "'approved': True" in notebook.run(3)
    notebook.save()
    notebook.reload()
    expect(card(page, "accepted")).to_contain_text("looks right")


def test_rejecting_asks_first(open_notebook, page):
    notebook = open_notebook(DEFINE, ASK, "run.result()")
    notebook.run(0)
    notebook.run(1)
    card(page, "asking").get_by_role("button", name="Reject").click()
    page.get_by_role("button", name="Yes, reject").click()
    assert "'approved': False" in notebook.run(2)
    card(page, "accepted").wait_for()


def test_the_keyboard_approves_only_from_inside_the_card(open_notebook, page):
    notebook = open_notebook(DEFINE, ASK, "run.result()")
    notebook.run(0)
    notebook.run(1)
    page.get_by_role("textbox", name="Comment").press("Control+Enter")
    card(page, "accepted").wait_for()
    assert "'approved': True" in notebook.run(2)


def test_a_decision_that_was_made_elsewhere_is_shown_as_such(open_notebook, api_of, page):
    notebook = open_notebook(DEFINE, ASK, "print(approval.token_id)", "run.result()")
    notebook.run(0)
    notebook.run(1)
    card(page, "asking").get_by_role("button", name="Approve").wait_for()
    page.wait_for_selector(f"{CARD}[data-token]")
    api_of().wait.complete_token(notebook.run(2).strip(), {"approved": False, "by": "somebody"})
    expect(card(page, "elsewhere")).to_contain_text("somebody")
    assert "'approved': False" in notebook.run(3)


@pytest.mark.slow
def test_a_question_that_times_out_says_so(open_notebook, page):
    notebook = open_notebook(
        DEFINE, ASK.replace("trigger({})", 'trigger({"timeout": "2s"})'), "run.result()"
    )
    notebook.run(0)
    notebook.run(1)
    card(page, "timed_out").wait_for()
    assert "error" in notebook.run(2)


@pytest.mark.slow
def test_a_narrow_token_can_approve_but_cannot_say_that_it_counted(open_notebook, page):
    notebook = open_notebook(
        DEFINE
        + """
from trigger_widgets import default_client
token = default_client().wait.create_token(timeout="10m")

@task(id="waits-for-token")
def waits_for_token(payload):
    return wait.for_token(payload["token"]).unwrap()
""",
        """run = waits_for_token.trigger({"token": token.id})
ApprovalWidget(token.id, prompt="Go?", access_token=token.public_access_token)""",
        "run.result()",
    )
    notebook.run(0)
    notebook.run(1)
    card(page, "asking").get_by_role("button", name="Approve").click()
    card(page, "sent").wait_for()
    assert "'approved': True" in notebook.run(2)
