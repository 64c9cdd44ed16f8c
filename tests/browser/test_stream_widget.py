"""LLM output inline: text that grows, and is whole after a reload and in a late cell."""

import re

import pytest
from playwright.sync_api import expect

STREAM = """
import time
from trigger_widgets import StreamWidget, streams, task

words = streams.define("words", str)
WHOLE = "# A heading\\n\\nSome **bold** words: " + " ".join(f"w{i}" for i in range(300))

@task(id="writes")
def writes(payload):
    for start in range(0, len(WHOLE), 7):
        words.append(WHOLE[start:start + 7])
        time.sleep(payload["pause"])
    return len(WHOLE)
"""
CARD = "article.tw-streaming"
SEEN = """() => {
  window.lengths = [];
  const look = () => {
    const length = document.querySelector('article.tw-streaming')?.innerText.length ?? 0;
    if (length !== window.lengths.at(-1)) window.lengths.push(length);
  };
  new MutationObserver(look).observe(document.body, {
    subtree: true, childList: true, characterData: true,
  });
}"""


def card(page, phase="over"):
    return page.locator(f'{CARD}[data-phase="{phase}"]')


def last_words(page, count):
    expect(card(page)).to_have_count(count)
    for index in range(count):
        expect(card(page).nth(index)).to_contain_text("w298 w299")


def test_text_grows_and_is_whole_after_a_reload(open_notebook, page):
    notebook = open_notebook(
        STREAM,
        'run = writes.trigger({"pause": 0.01})\nw = StreamWidget(run, "words")\nw',
        'run.result()\nfor _ in w: pass\nprint(w.text == WHOLE, "".join(w.parts) == WHOLE)',
        'StreamWidget(run, "words", render="text")',
    )
    page.evaluate(SEEN)
    notebook.run(0)
    notebook.run(1)
    card(page, "live").wait_for()
    assert notebook.run(2).strip() == "True True"
    last_words(page, 1)
    lengths = page.evaluate("() => window.lengths")
    assert len(lengths) > 5, f"it was seen to grow as {lengths}"
    shown = card(page).inner_text()
    assert "A heading" in shown
    assert "**" not in shown
    assert shown.count("w150 ") == 1

    notebook.run(3)  # a cell that is run late
    last_words(page, 2)
    notebook.save()
    notebook.reload()
    last_words(page, 2)
    assert card(page).first.inner_text().count("w150 ") == 1


def test_a_reload_in_the_middle_loses_nothing(open_notebook, page):
    notebook = open_notebook(
        STREAM, 'run = writes.trigger({"pause": 0.03})\nStreamWidget(run, "words")', "run.result()"
    )
    notebook.run(0)
    notebook.run(1)
    expect(card(page, "live")).to_contain_text("w20 ")
    notebook.save()
    notebook.reload()
    last_words(page, 1)
    text = card(page).inner_text()
    assert [text.count(f"w{i} ") for i in range(299)] == [1] * 299


def test_stopping_follows_no_more_and_the_run_goes_on(open_notebook, page):
    notebook = open_notebook(
        STREAM, 'run = writes.trigger({"pause": 0.02})\nStreamWidget(run, "words")', "run.result()"
    )
    notebook.run(0)
    notebook.run(1)
    card(page, "live").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Follow").wait_for()
    assert int(notebook.run(2)) > 0
    page.get_by_role("button", name="Follow").click()
    last_words(page, 1)


def test_what_a_task_streams_stays_text(open_notebook, page):
    page.add_init_script("window.hacked = 0")
    notebook = open_notebook(
        STREAM.split("@task", maxsplit=1)[0]
        + """
@task(id="hostile")
def hostile(payload):
    words.append("<img src=x onerror='window.hacked=1'> <script>window.hacked=1</script>\\n\\n")
    words.append("[click](javascript:window.hacked=1) the end")
""",
        'run = hostile.trigger({})\nStreamWidget(run, "words")',
    )
    notebook.run(0)
    notebook.run(1)
    expect(card(page)).to_contain_text("the end")
    assert page.locator(f"{CARD} img, {CARD} script").count() == 0
    assert page.locator(f'{CARD} a[href^="javascript"]').count() == 0
    assert page.evaluate("() => window.hacked") == 0


BOX = '[aria-label^="Text of"]'
LONG = """
words = streams.define("words", str)
PARAGRAPH = "Paragraph {n}. " + "Some **bold** words, `code` and a [link](https://a.b/c). " * 8
LONG = "\\n\\n".join(PARAGRAPH.replace("{n}", str(n)) for n in range(11_000)) + "\\n\\nThe end."

@task(id="writes-much")
def writes_much(payload):
    for start in range(0, len(LONG), 50_000):
        words.append(LONG[start:start + 50_000])
"""


@pytest.mark.slow
@pytest.mark.parametrize("render", ["markdown", "text"])
def test_five_megabytes_scroll_and_can_be_selected(open_notebook, page, render):
    """More than a server lets through in one message, and than a page lays out in one turn."""
    notebook = open_notebook(
        STREAM + LONG,
        "run = writes_much.trigger({})\nrun.result()\nprint(len(LONG))",
        f'w = StreamWidget(run, "words", render="{render}")\nw',
    )
    notebook.run(0)
    assert int(notebook.run(1).split()[-1]) > 5_000_000
    notebook.run(2)
    page.wait_for_function(  # and not by asking for all of it again and again
        """() => document.querySelector('article.tw-streaming [aria-label^="Text of"] > div')
          ?.lastElementChild?.textContent.trim().endsWith('The end.')""",
        timeout=120_000,
    )
    shown = card(page).locator(BOX).text_content()
    assert re.findall(r"Paragraph (\d+)\. ", shown) == [str(n) for n in range(11_000)]
    tops = page.evaluate(
        """async (name) => {
      const box = document.querySelector(`article.tw-streaming ${name}`);
      const tops = [];
      for (const part of [0, 0.25, 0.5, 0.75, 1]) {
        box.scrollTop = part * box.scrollHeight;
        let shows = false;
        for (let frames = 0; !shows && frames < 60; frames++) {
          await new Promise(requestAnimationFrame);
          const { left, top } = box.getBoundingClientRect();
          const at = document.elementFromPoint(left + 60, top + 60);
          shows = box.contains(at) && at.textContent.includes('bold');
        }
        tops.push(shows);
      }
      return tops;
    }""",
        BOX,
    )
    assert tops == [True] * 5
    selected = page.evaluate(
        """(name) => {
      const box = document.querySelector(`article.tw-streaming ${name}`);
      getSelection().selectAllChildren(box);
      return getSelection().toString().length;
    }""",
        BOX,
    )
    assert selected > 0.95 * len(shown)
