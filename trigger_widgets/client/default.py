"""The client that shorthands and widgets use when they are given none."""

from __future__ import annotations

from typing import Any, Unpack

from trigger_widgets.realtime.batch import BatchHandle
from trigger_widgets.realtime.handle import RunHandle

from .options import ClientOptions
from .shared import _Shared
from .sync import Trigger


def configure(**options: Unpack[ClientOptions]) -> Trigger:
    """Set the client that `trigger()` and the widgets use; takes what `Trigger` takes."""
    client = Trigger(**options)
    with _Shared.lock:
        before, _Shared.client = _Shared.client, client
    if before is not None:
        before.close()
    return client


def default_client() -> Trigger:
    """The client that `configure` set, else one made from `TRIGGER_*`."""
    with _Shared.lock:
        if _Shared.client is None:
            _Shared.client = Trigger()
        return _Shared.client


def trigger(task: Any, payload: Any = None, **options: Any) -> RunHandle:
    """`client.tasks.trigger` on the default client."""
    return default_client().tasks.trigger(task, payload, **options)


def batch_trigger(task: Any, items: Any = None, **options: Any) -> BatchHandle:
    """`client.tasks.batch_trigger` on the default client."""
    return default_client().tasks.batch_trigger(task, items, **options)
