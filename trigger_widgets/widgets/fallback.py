"""The static copy beside a live widget: what is left of it without a kernel or saved state.

JupyterLab does not save widget state by default, and shows nothing of a widget's own output
then, not even a text/html in it (measured). So the copy is an output of its own, in front of the
live one, and is brought up to date by its display id: at the start, at the end, rarely between.
Its style hides it while a live view follows it, and hides the place of a view that cannot come.
Where a front end strips styles (GitHub, an untrusted notebook), both are seen.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

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
        self._display_ids: list[str] = []
        self._shown = ""

    def show(self) -> None:
        """Put a copy into the present output."""
        display_id = f"tw-{secrets.token_hex(8)}"
        self._publish(display_id, self._render(), update=False)
        self._display_ids.append(display_id)

    def update(self) -> None:
        """Bring every copy up to date; costs nothing where there is none or nothing is new."""
        html = self._render()
        if not self._display_ids or html == self._shown:
            return
        self._shown = html
        for display_id in self._display_ids:
            self._publish(display_id, html, update=True)

    def _render(self) -> str:
        return f'<div class="tw-static">{STYLE}{self._html()}</div>'

    @staticmethod
    def _publish(display_id: str, html: str, *, update: bool) -> None:
        from IPython.display import publish_display_data

        publish_display_data(
            {"text/html": html, "text/plain": ""},
            transient={"display_id": display_id},
            update=update,
        )
