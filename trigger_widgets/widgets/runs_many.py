"""Doing something with many runs at once, and saying what became of it in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from trigger_widgets.errors import TriggerError

_AT_ONCE = 8
T = TypeVar("T")


def for_each(
    ids: Sequence[str],
    act: Callable[[str], T],
    on_progress: Callable[[int], object],
    *,
    verb: str,
) -> tuple[list[T], Exception | None]:
    """`act` on every run, some at once. All are tried: gives what came of those that did not
    refuse, and the error that tells of the others.
    """
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        answers = [threads.submit(act, run_id) for run_id in ids]
        for done, _ in enumerate(as_completed(answers), 1):
            on_progress(done)
    refused = [(run, e) for run, a in zip(ids, answers, strict=True) if (e := a.exception())]
    results = [answer.result() for answer in answers if answer.exception() is None]
    if not refused:
        return results, None
    run, first = refused[0]
    if len(ids) == 1 or not isinstance(first, TriggerError):
        return results, first if isinstance(first, Exception) else TriggerError(str(first))
    error = TriggerError(
        f"{len(refused):,} of {len(ids):,} runs could not be {verb}, among them {run}: {first}"
    )
    error.__cause__ = first
    return results, error
