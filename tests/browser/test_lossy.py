"""The line between kernel and page loses messages, and every card ends right."""

import pytest
from browser.scenes import DEFINE, SHOW, finish, play
from patience import PATIENCE
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# of what the widgets say to each other, 30 % is lost, and of the rest some comes late or twice
LOSSY = """() => {
  const counts = window.lossy = { lost: 0, told: 0 };
  let seed = 7;
  const chance = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const decoder = new TextDecoder();
  const ours = (data) => {
    const text = typeof data === 'string' ? data : decoder.decode(data);
    return text.includes('comm_msg') && /"method": ?"custom"/.test(text);
  };
  const line = (way, data, deliver) => {
    if (!ours(data)) return deliver();
    counts.told++;
    if (chance() < 0.3) return void (counts.lost++, counts[way] = (counts[way] ?? 0) + 1);
    const late = chance() < 0.7 ? 0 : chance() * 500;
    if (late) setTimeout(deliver, late);
    else deliver();
    if (chance() < 0.2) setTimeout(deliver, late + 100);
  };
  window.WebSocket = class extends WebSocket {
    send(data) { line('up', data, () => super.send(data)); }
    set onmessage(hear) {
      super.onmessage = (event) => line('down', event.data, () => hear.call(this, event));
    }
    get onmessage() { return super.onmessage; }
  };
}"""


@pytest.fixture(autouse=True)
def longer_patience():
    """A card may take several turns of the questions, which come ever more seldom."""
    expect.set_options(timeout=3 * PATIENCE * 1000)
    yield
    expect.set_options(timeout=PATIENCE * 1000)


@pytest.mark.slow
def test_a_third_of_the_messages_is_lost_both_ways(open_notebook, page):
    page.add_init_script(f"({LOSSY})()")
    notebook = open_notebook(DEFINE, *SHOW)
    play(notebook)
    finish(notebook)
    counts = page.evaluate("() => window.lossy")
    assert counts["up"] > 0
    assert counts["down"] > 0
    assert counts["lost"] / counts["told"] > 0.15
