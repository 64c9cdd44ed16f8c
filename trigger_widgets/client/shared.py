"""What the whole process has one of."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from trigger_widgets.config import Locate

if TYPE_CHECKING:
    from .sync import Trigger


class _Shared:
    lock = threading.Lock()
    client: Trigger | None = None
    embedded: Locate | None = None
