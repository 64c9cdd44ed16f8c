"""Every state of every card, in both themes, held against axe-core with colours in Chromium.

The states are those of the gallery (js/gallery.ts), whose themes are JupyterLab's own variables.
"""

import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

JS = Path(__file__).parents[2] / "js"
AXE = JS / "node_modules" / "axe-core" / "axe.min.js"
KINDS = ("run", "runs", "stream", "approval", "input", "trigger")
OPEN = tuple(f"run&only=executing&open={part}" for part in ("payload", "log", "details"))
# the gallery is a page of pieces: it has no landmarks, and a heading for each piece
CHECK = """async () => {
  const rules = { region: { enabled: false }, "heading-order": { enabled: false } };
  const { violations, passes } = await axe.run(document.querySelector("main"), { rules });
  return {
    checked: passes.flatMap(({ id }) => id),
    violations: violations.map(({ id, nodes }) =>
      [id, nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)]),
  };
}"""
SETTLED = """() => document.getAnimations().every(({ playState, effect }) =>
  playState !== "running" || effect.getComputedTiming().endTime === Infinity)"""


@pytest.fixture(scope="module")
def gallery():
    command = ["node", "gallery.mjs", "--serve"]
    process = subprocess.Popen(command, cwd=JS, stdout=subprocess.PIPE, text=True)
    with process:
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
@pytest.mark.parametrize("scenes", KINDS + OPEN)
def test_every_state_is_accessible(gallery, page, scenes, theme):
    page.goto(f"{gallery}?kind={scenes}&theme={theme}&width=900")
    page.wait_for_function("() => document.querySelectorAll('main figure .tw-root').length > 3")
    page.emulate_media(reduced_motion="reduce")
    page.wait_for_function(SETTLED)  # what fades in has its colour then
    page.add_script_tag(path=AXE)
    found = page.evaluate(CHECK)
    assert "color-contrast" in found["checked"]
    assert found["violations"] == []
