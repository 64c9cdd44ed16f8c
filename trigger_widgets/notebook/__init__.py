"""What is IPython's alone: the busy-kernel pump, and how a handle shows itself in a cell."""

from __future__ import annotations


def install() -> None:
    """Make this notebook show handles as cards, let clicks in while a cell waits, and refuse to
    wait where nobody can click. marimo has no IPython shell, and gets only the last.
    """
    from trigger_widgets.realtime.waiting import install_audience, install_awaiting, install_pump

    from .audience import nobody_can_click
    from .host import shell

    install_audience(nobody_can_click)
    here = shell()
    if here is None:
        return
    from .display import install_display
    from .pump import awaiting, pump, watch_cells

    install_display(here)
    install_pump(pump)
    watch_cells(here)
    install_awaiting(awaiting)
