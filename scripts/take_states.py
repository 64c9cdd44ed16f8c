"""The pictures of every state of every widget, light and dark: docs/images/states-*.png.

`.venv/bin/python scripts/take_states.py` takes them from the gallery of the front end; kinds after
it (run, stream, …) take only those.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser.lab import browser  # noqa: E402 - the tests' own driver

IMAGES = ROOT / "docs" / "images"
KINDS = ("run", "trigger", "runs", "stream", "approval", "input")
_COLORS = 96  # enough for flat surfaces, and a fifth of the bytes
_WIDTH = 900


def main() -> None:
    """Serve the gallery and take each page whole."""
    serve = ["node", "gallery.mjs", "--serve"]
    with (
        tempfile.TemporaryDirectory() as profile,
        browser(Path(profile)) as context,
        subprocess.Popen(serve, cwd=ROOT / "js", stdout=subprocess.PIPE, text=True) as server,  # noqa: S603
    ):
        assert server.stdout is not None  # noqa: S101 - a pipe was asked for
        url = server.stdout.readline().strip()
        page = context.new_page()
        for kind in sys.argv[1:] or KINDS:
            for theme in ("light", "dark"):
                page.set_viewport_size({"width": _WIDTH, "height": 1000})
                page.goto(f"{url}?kind={kind}&theme={theme}&width={_WIDTH}")
                page.locator("article.tw-card").first.wait_for()
                # what is out of sight is not painted: the window is as long as the page
                height = page.evaluate("document.documentElement.scrollHeight")
                page.set_viewport_size({"width": _WIDTH, "height": height})
                file = IMAGES / f"states-{kind}-{theme}.png"
                page.screenshot(path=file)
                Image.open(file).quantize(_COLORS).save(file, optimize=True)
                print(file.relative_to(ROOT))
        server.terminate()


if __name__ == "__main__":
    main()
