"""The clients: `Trigger`, its twin `AsyncTrigger`, and the default one behind `trigger()`."""

from .asynchronous import AsyncTrigger
from .default import batch_trigger, configure, default_client, trigger
from .options import ClientOptions, use_embedded
from .shared import _Shared as _Shared
from .shared import use_own_tasks
from .sync import Trigger

__all__ = [
    "AsyncTrigger",
    "ClientOptions",
    "Trigger",
    "batch_trigger",
    "configure",
    "default_client",
    "trigger",
    "use_embedded",
    "use_own_tasks",
]
