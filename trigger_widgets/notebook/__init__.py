"""What is IPython's alone: the busy-kernel pump, and how a handle shows itself in a cell."""

from __future__ import annotations


def install() -> None:
    """Make this IPython shell show handles as cards and let clicks in while a cell waits."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return
    from trigger_widgets.realtime.waiting import install_audience, install_pump

    from .audience import nobody_can_click
    from .display import install_display
    from .pump import pump

    install_display(shell)
    install_pump(pump)
    install_audience(nobody_can_click)
