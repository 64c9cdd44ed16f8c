"""The static copy beside a live widget: what is left of it without a kernel or saved state.

JupyterLab does not save widget state by default, and shows nothing of a widget's own output
then, not even a text/html in it (measured). So the copy is an output of its own, in front of the
live one, and is brought up to date by its display id: at the start, at the end, rarely between.
In JupyterLab its first text comes a moment after the card: the first text/html of a page makes it
load MathJax, for which a first card waited half a second (measured: 1.0 s, and 0.6 s without it).
Its style hides it while a live view follows it, and hides the place of a view that cannot come.
Where a front end strips styles (GitHub, an untrusted notebook), both are seen.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from .dispatcher import dispatcher

LATER_SECONDS = 2.0
"""By then the first card of a page has long been drawn, and nobody has left the page."""

STYLE = (
    "<style>"
    ".jp-OutputArea-child:has(.tw-static):has(+.jp-OutputArea-child .tw-root){display:none}"
    ".jp-OutputArea-child:has(.tw-static)+.jp-OutputArea-child:not(:has(.tw-root)){display:none}"
    "</style>"
)


class Fallback:
    """The static copies of one widget, one for each time that it was displayed."""

    def __init__(self, html: Callable[[], str]) -> None:
        self._html = html
        self._shown: dict[str, str] = {}  # by display id

    def show(self) -> None:
        """Put a copy into the present output."""
        display_id = f"tw-{secrets.token_hex(8)}"
        if _in_jupyterlab():
            # a text that is empty takes no room in JupyterLab
            _publish(display_id, {"text/plain": ""}, update=False)
            fill = partial(dispatcher.submit, partial(self._put, display_id, update=True))
            timer = threading.Timer(LATER_SECONDS, fill)
            timer.daemon = True
            timer.start()
        else:
            self._put(display_id, update=False)

    def update(self) -> None:
        """Bring every copy up to date; costs nothing where there is none or nothing is new."""
        if self._shown:
            self._put(*self._shown, update=True)

    def _put(self, *display_ids: str, update: bool) -> None:
        html = f'<div class="tw-static">{STYLE}{self._html()}</div>'
        for display_id in display_ids:
            if self._shown.get(display_id) != html:
                self._shown[display_id] = html
                _publish(display_id, {"text/html": html, "text/plain": ""}, update=update)


def _publish(display_id: str, data: dict[str, str], *, update: bool) -> None:
    from IPython.display import publish_display_data

    publish_display_data(data, transient={"display_id": display_id}, update=update)


def _in_jupyterlab() -> bool:
    """Whether the cell that runs was sent by JupyterLab or Notebook 7, which say so by what they
    send along (4.6.6). What a cell of nbclient has not shown at its end may be in no file.
    """
    from IPython import get_ipython

    kernel: Any = getattr(get_ipython(), "kernel", None)
    parent = kernel.get_parent() if hasattr(kernel, "get_parent") else {}
    return "deletedCells" in parent.get("metadata", {})
