"""Whether anybody can click in the notebook that runs us."""

from __future__ import annotations

import sys

from .host import kernel


def nobody_can_click(*, blocking: bool) -> bool:
    """Whether a wait here for a person's click would never end.

    nbclient, and with it papermill and `nbconvert --execute`, shows outputs to nobody: it is the
    front end that allows no input. marimo handles clicks only after a cell that blocks.
    """
    marimo = sys.modules.get("marimo")
    if marimo is not None and marimo.running_in_notebook():
        return blocking
    return getattr(kernel(), "_allow_stdin", True) is False
