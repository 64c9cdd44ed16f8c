"""The names of a task as coroutines: `await aio.wait.for_token("approval")`."""

from .tasks.current_streams import AsyncStreams
from .tasks.current_wait import AsyncWait

streams = AsyncStreams()
"""The twin of `streams`."""

wait = AsyncWait()
"""The twin of `wait`."""

__all__ = ["streams", "wait"]
