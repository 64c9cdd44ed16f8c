"""A trait of which the value is put together when somebody reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets
from traitlets.utils.bunch import Bunch


class Gathered(traitlets.TraitType[Any, Any]):
    """What grows piece by piece and is seldom read whole: nobody pays for it until it is.

    It can be observed and linked like any trait; `announce` tells those who do, if there are any.
    """

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__(read_only=True)
        self._read = read

    def get(self, obj: Any, cls: Any = None) -> Any:  # noqa: ARG002 - as traitlets calls it
        """The whole, now."""
        return self._read(obj)

    def announce(self, obj: traitlets.HasTraits) -> None:
        """It has changed. The old value is not kept: it is None."""
        listeners = obj._trait_notifiers  # noqa: SLF001 - traitlets has no other way to ask
        if any(listeners.get(name, {}).get("change") for name in (str(self.name), traitlets.All)):
            new = self._read(obj)
            obj.notify_change(Bunch(name=self.name, old=None, new=new, owner=obj, type="change"))
