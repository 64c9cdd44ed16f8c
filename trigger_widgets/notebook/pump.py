"""Lets clicks in while a cell of ours waits, whether it blocks the main thread or awaits.

A kernel handles one message after the other on its main thread, so a cell that waits for a run
would also hold up the click that the run waits for. While one of our blocking calls waits, the
pump takes messages from the kernel's own stream: those of widgets are handled at once, all others
(the next cell) are kept in order and given back when the wait is over.

There is no public way to do this. The attributes used are those of ipykernel 6.31 and of 7.1 to
7.4 (7.x reads shell messages in a thread and passes them to the main one through a stream); each
is looked up, and where one is missing the wait is a plain wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

from . import host

_AT_ONCE = frozenset(
    {"comm_msg", "comm_close", "comm_open", "comm_info_request", "kernel_info_request"}
)


class Pump:
    """One wait's hold on the kernel's main stream."""

    def __init__(self, kernel: Any, stream: Any) -> None:
        self._kernel = kernel
        self._stream = stream
        self._original = stream._recv_callback  # noqa: SLF001 - see the module's docstring
        self._kept: list[Any] = []

    def step(self, seconds: float) -> None:
        """Wait up to `seconds` for messages and handle those that may not wait."""
        import zmq

        if self._stream.socket.poll(max(0, int(seconds * 1000))):
            # not recv(): taking the message past the stream would leave its edge-triggered
            # descriptor unarmed, and the kernel would never run another cell
            self._stream.flush(zmq.POLLIN)

    def _open(self) -> None:
        self._stream.on_recv(self._receive, copy=False)

    def _close(self) -> None:
        self._stream.on_recv(self._original, copy=False)
        for frames in self._kept:
            result = self._original(frames)
            if inspect.isawaitable(result):
                asyncio.ensure_future(result)  # noqa: RUF006 - the kernel's own loop keeps it

    def _receive(self, frames: Any) -> None:
        if self._kind(frames) in _AT_ONCE:
            with _as_it_was(self._kernel):
                _drive(self._kernel.dispatch_shell(frames))
        else:
            self._kept.append(frames)

    def _kind(self, frames: Any) -> str | None:
        try:
            _, message = self._kernel.session.feed_identities(frames, copy=False)
            header = self._kernel.session.unpack(message[1].bytes)
        except (ValueError, IndexError, TypeError):
            return None
        return header.get("msg_type") if isinstance(header, dict) else None


@contextlib.contextmanager
def pump() -> Iterator[Pump | None]:
    """The pump of this kernel for the length of a wait, or None where there is no way.

    None: outside of a kernel, off its main thread, inside another wait's pump, or with an
    ipykernel whose insides are unknown.
    """
    opened = _open()
    try:
        yield opened
    finally:
        if opened is not None:
            _close(opened)


@contextlib.contextmanager
def awaiting() -> Iterator[None]:
    """The same during an `await`, for as long as the cell runs: the kernel's loop takes the
    messages, which only must not wait behind the cell, as they do on ipykernel 6 and without
    subshells. A task that outlives its cell holds up none of the cells after it.
    """
    with contextlib.ExitStack() as hold:
        if _Cell.runs and threading.current_thread() is threading.main_thread():
            hold.enter_context(pump())
            _Cell.holds.add(hold)
        try:
            yield
        finally:
            _Cell.holds.discard(hold)


def watch_cells(shell: Any) -> None:
    """Know from now on whether a cell runs. If a loop runs already, it is one that imports us."""
    _Cell.runs = _loop_runs()
    shell.events.register("pre_run_cell", _Cell.begin)
    shell.events.register("post_run_cell", _Cell.end)


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class _Cell:
    """The cell that the main thread runs, and what is held until it ends."""

    runs = False
    holds: ClassVar[set[contextlib.ExitStack]] = set()

    @classmethod
    def begin(cls, _info: object = None) -> None:
        if threading.current_thread() is threading.main_thread():
            cls.runs = True

    @classmethod
    def end(cls, _result: object = None) -> None:
        if threading.current_thread() is threading.main_thread():
            cls.runs = False
            while cls.holds:
                cls.holds.pop().close()


_active: Pump | None = None


def _open() -> Pump | None:
    global _active  # noqa: PLW0603 - a kernel has one main stream
    kernel = host.kernel()
    on_main_thread = threading.current_thread() is threading.main_thread()
    if kernel is None or _active is not None or not on_main_thread:
        return None
    try:
        opened = Pump(kernel, _main_stream(kernel))
        opened._open()  # noqa: SLF001 - the two belong together
    except AttributeError:
        return None
    _active = opened
    return opened


def _close(opened: Pump) -> None:
    global _active  # noqa: PLW0603 - as above
    _active = None
    opened._close()  # noqa: SLF001 - as above


def _main_stream(kernel: Any) -> Any:
    thread = getattr(kernel, "shell_channel_thread", None)
    if thread is None:
        return kernel.shell_stream
    return thread.manager._shell_channel_to_main.to_stream  # noqa: SLF001 - no public name


@contextlib.contextmanager
def _as_it_was(kernel: Any) -> Iterator[None]:
    """Keep the cell that is running the parent of what it prints, and Ctrl-C its own."""
    interrupt = getattr(kernel, "saved_sigint_handler", None)
    parent = kernel.get_parent("shell")
    identity = _parent_identity(kernel)
    try:
        yield
    finally:
        if interrupt is not None:
            kernel.saved_sigint_handler = interrupt
        kernel.set_parent(identity, parent, channel="shell")
        kernel._publish_status("busy", "shell")  # noqa: SLF001 - the cell is still running


def _parent_identity(kernel: Any) -> Any:
    variable = getattr(kernel, "_shell_parent_ident", None)
    if variable is None:
        return kernel._parent_ident["shell"]  # noqa: SLF001 - ipykernel 6
    read = getattr(kernel, "_get_shell_context_var", None)
    return read(variable) if read is not None else variable.get()


def _drive(coroutine: Any) -> None:
    """Run a coroutine that does not suspend: the handlers of widget messages are synchronous."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
