"""How things that are not widgets show themselves in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from trigger_widgets.realtime.handle import RunHandle

if TYPE_CHECKING:
    from trigger_widgets.widgets.run import RunWidget

_widgets: WeakKeyDictionary[RunHandle, RunWidget] = WeakKeyDictionary()


def widget_of(handle: RunHandle) -> RunWidget:
    """The one live widget of a handle: showing it twice is two views of one card."""
    from trigger_widgets.widgets.run import RunWidget

    if handle not in _widgets:
        _widgets[handle] = RunWidget(handle)
    return _widgets[handle]


def install_display(shell: Any) -> None:
    """Make a `RunHandle` that ends a cell show a live card."""
    shell.display_formatter.ipython_display_formatter.for_type(
        RunHandle, lambda handle: widget_of(handle)._ipython_display_()
    )
