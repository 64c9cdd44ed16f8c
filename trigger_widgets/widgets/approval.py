"""ApprovalWidget: a run waits for a person, and the person decides in the notebook."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import traitlets
from pydantic import BaseModel, TypeAdapter

from trigger_widgets.api import rights
from trigger_widgets.client import Trigger
from trigger_widgets.config import Token, unattended
from trigger_widgets.errors import (
    APIConnectionError,
    ConfigurationError,
    EngineStoppedError,
    NobodyCanClickError,
    ServerError,
    TriggerError,
)
from trigger_widgets.jsonable import to_jsonable
from trigger_widgets.lock import Lock
from trigger_widgets.models import Run, WaitToken
from trigger_widgets.realtime.connection import Connection
from trigger_widgets.realtime.handle import RunHandle
from trigger_widgets.realtime.waiting import nobody_can_click

from .approval_html import approval_html, approval_line
from .approval_state import Approval, approval_state
from .dispatcher import dispatcher
from .follow import Callback, Following, FollowingWidget, client_for
from .poller import poller_of
from .question import Confirm, Question

_NOT_ASKED = "The run has not asked yet."
_MAY_NOT = "This token may not complete the wait token; somebody with another one can."


class ApprovalWidget(FollowingWidget):
    """A wait token as a question: what is asked, Approve, Reject, a comment, and the time left.

    `token` is an id, a `WaitToken`, or a run together with the plain `name` that its task waits
    for. `prompt` is markdown. The decision is sent as
    `{"approved": true, "comment": "…", "by": "…"}`; the task gets it from `wait.for_token`.

    `schema`, a pydantic model or a JSON Schema, asks for data of that shape in a form instead:
    its fields `approved` and `by`, where it has them, are what is pressed and by whom; without
    `approved` there is one button. `value` is what stands in the form in the beginning. `confirm`
    says which button asks once more: "reject", "approve", "both" or "none".

    Traits: `status` (WAITING, COMPLETED, TIMED_OUT), `output`, `done`, `connection`, `error`.
    With a token that may only complete, the decision is shown as sent: whether it was the first
    one only a key that may read wait tokens can tell.
    """

    kind: ClassVar[str] = "approval"
    piece: ClassVar[str | None] = "forms"
    actions: ClassVar[dict[str, str]] = {"complete": "_decide", "reconnect": "reconnect"}

    token_id = traitlets.Unicode(None, allow_none=True, read_only=True).tag(sync=True)
    status = traitlets.Unicode(None, allow_none=True, read_only=True).tag(sync=True)
    output = traitlets.Any(None, read_only=True)

    def __init__(
        self,
        token: str | WaitToken | RunHandle | Run,
        name: str | None = None,
        *,
        prompt: str | None = None,
        schema: type[BaseModel] | Mapping[str, Any] | TypeAdapter[Any] | None = None,
        value: Any = None,
        confirm: Confirm = "reject",
        title: str | None = None,
        by: str | None = None,
        client: Trigger | None = None,
        access_token: Token | None = None,
        api_url: str | None = None,
        enabled: bool = True,
        on_complete: Callback | None = None,
        on_error: Callback | None = None,
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._question = Question(schema, value, confirm)
        self._client = client_for(token, client, access_token, api_url)
        self._on_complete, self._on_error = on_complete, on_error
        self._by = by or os.environ.get("JUPYTERHUB_USER") or _user()
        self._lock = Lock()
        self._answered_once = False
        self._approval = Approval()
        run_id, token_id = _subject(token, name)
        self._key = f"{run_id}:{name}" if run_id else None
        self._assign(token_id=token_id)
        self._show(
            {
                "token_id": token_id,
                "run_id": run_id,
                "title": title or name,
                "prompt": prompt,
                **self._question.state(),
                "can": {"complete": self._right(token_id)},
                "connection": {"state": "connecting", "reason": None},
                **approval_state(self._approval),
            }
        )
        if isinstance(token, WaitToken):
            self._change(lambda approval: approval.seen(token))
        if enabled:
            self.start()

    # ── for people ──────────────────────────────────────────────────────────────────────────

    def approve(self, comment: str = "", data: Any = None) -> None:
        """Say yes, as the button does; `data` is what is written in the form, if there is one."""
        self._decide(approved=True, comment=comment, data=data)

    def reject(self, comment: str = "", data: Any = None) -> None:
        """Say no, as the button does."""
        self._decide(approved=False, comment=comment, data=data)

    def describe(self, *, title: str | None, prompt: str | None) -> None:
        """Say what is asked, where that was not known when the widget was made."""
        told = {"title": title, "prompt": prompt}
        self._show({name: text for name, text in told.items() if text is not None})

    def complete(self, data: Any) -> None:
        """Complete the token with data of your own. The first completion of a token counts."""
        token_id = self.token_id
        if token_id is None:
            raise ConfigurationError(
                f'no run waits for "{self._key}" yet; decide when the widget shows the question.'
            )
        data = to_jsonable(data, what="the decision")
        problem = self._question.check(data)
        self._show({"problem": problem})
        if problem:
            fields = "; ".join(f"{k or 'it'}: {v}" for k, v in problem["fields"].items())
            raise ConfigurationError(f"nothing was sent: {fields}.")
        with self._lock:
            if self._approval.phase == "sending":
                return  # a second click
            if self._approval.is_settled:
                raise ConfigurationError(
                    f"{token_id} is decided already ({self._approval.phase}); nothing was sent."
                )
            self._approval = self._approval.sending(data, datetime.now(UTC))
            self._show(approval_state(self._approval))
        try:
            self._client.wait.complete_token(token_id, data)
        except Exception as e:
            reason = str(e)
            self._change(lambda approval: approval.failed(reason))
            raise
        if self._can_read():
            self._look(token_id)
        else:
            self._change(lambda approval: approval.sent())

    def wait(self, timeout: float | None = None) -> Any:
        """Block until it is decided; gives the output. Clicks are handled meanwhile."""
        if not self._approval.is_settled and nobody_can_click(blocking=True):
            raise NobodyCanClickError(
                f"{self.token_id or self._key} waits for a decision, and nobody can click in this "
                "notebook while it is executed; complete the token elsewhere, or run it in "
                "JupyterLab."
            )
        self._wait_until_finished(timeout, f"{self.token_id or self._key} was not decided")
        return self._approval.output

    def __repr__(self) -> str:
        return f"<ApprovalWidget {self._text()}>"

    def _decide(self, *, approved: bool | None = None, comment: str = "", data: Any = None) -> None:
        answer = self._question.answer(approved=approved, comment=comment, data=data, by=self._by)
        self.complete(answer)

    # ── from the server; on the poller's thread ─────────────────────────────────────────────

    def _follow(self) -> Following:
        self._answered_once = False
        return _Polling(self)

    @property
    def server(self) -> str:
        """The address of the server, which has one poller for all its tokens."""
        return self._client.endpoint.api_url

    def poll(self) -> bool:
        """Look at the token once; False when there is nothing more to see."""
        unattended.set(self._answered_once)  # the first time somebody has asked for it
        try:
            if self.token_id is not None and not self._can_read():
                self._see_connection(Connection("live"))
                return False
            token_id = self.token_id or self._find()
            self._answered_once = True
            if token_id is None:
                return True
            self._look(token_id)
        except (APIConnectionError, EngineStoppedError, ServerError) as e:
            self._see_connection(Connection("retrying", str(e), e))
            return True
        except TriggerError as e:
            self._see_connection(Connection("failed", str(e), e))
            return False
        state = Connection("closed" if self._approval.is_settled else "live")
        self._see_connection(state)
        return not self._approval.is_settled

    def _find(self) -> str | None:
        """Find the token that the run made for the name; it may not be there yet."""
        found = next(iter(self._client.wait.list_tokens(idempotency_key=self._key)), None)
        self._see_connection(Connection("live"))
        if found is not None:
            self._show({"token_id": found.id, "can": {"complete": self._right(found.id)}})
            self._assign(token_id=found.id)
        return found.id if found else None

    def _right(self, token_id: str | None) -> bool | str:
        if token_id is None:
            return _NOT_ASKED
        return self._client.may_complete(token_id) or _MAY_NOT

    def _look(self, token_id: str) -> None:
        token = self._client.wait.retrieve_token(token_id)
        self._change(lambda approval: approval.seen(token))

    def _can_read(self) -> bool:
        return rights.may_read_wait_tokens(self._client.endpoint.access_token)

    def _change(self, step: Callable[[Approval], Approval]) -> None:
        with self._lock:  # to the end: of two changes at once the older one must not be shown last
            before, self._approval = self._approval, step(self._approval)
            after = self._approval
            self._set_finished(finished=after.is_settled)
            self._show(approval_state(after), final=after.is_settled and not before.is_settled)
            dispatcher.submit(lambda: self._observe(after))

    def _observe(self, approval: Approval) -> None:
        status = approval.token.status if approval.token else None
        self._assign(status=status, output=approval.output)
        if approval.is_settled:
            first = not self.done
            self._assign(done=True)
            if first:
                self._call(self._on_complete, self)

    # ── copies ──────────────────────────────────────────────────────────────────────────────

    def _html(self) -> str:
        return approval_html(self._channel.snapshot()[1])

    def _text(self) -> str:
        return approval_line(self._channel.snapshot()[1])


class _Polling:
    """A widget's place in the poller, as a subscription."""

    def __init__(self, widget: ApprovalWidget) -> None:
        self._widget = widget
        self._poller = poller_of(widget.server)
        self._poller.add(widget)

    def stop(self) -> None:
        self._poller.remove(self._widget)

    def wake(self) -> None:
        self._poller.add(self._widget)


def _subject(token: Any, name: str | None) -> tuple[str | None, str | None]:
    """The id of the run and that of the token, one of which is known."""
    if isinstance(token, RunHandle | Run):
        if name is None:
            raise ConfigurationError(
                f"{token.id} may wait for several things; say which: ApprovalWidget(run, "
                '"the name given to wait.for_token").'
            )
        return token.id, None
    if isinstance(token, str) and token.startswith("run_"):
        if name is None:
            raise ConfigurationError(
                f'"{token}" is a run, not a wait token; add the name that it waits for: '
                f'ApprovalWidget("{token}", "name").'
            )
        return token, None
    token_id = token.id if isinstance(token, WaitToken) else token
    if not isinstance(token_id, str) or not token_id.startswith("waitpoint_"):
        raise ConfigurationError(
            f'{token_id!r} is not a wait token; its id looks like "waitpoint_…".'
        )
    return None, token_id


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in some containers
        return "somebody"
