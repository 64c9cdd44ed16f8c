"""What went wrong, as one sentence: what, which one, what to do next. Never with a key in it."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from trigger_widgets import errors
from trigger_widgets.config import Endpoint

from .requests import Answer
from .server import Server

_LONGEST_QUOTE = 500


def status_error(
    answer: Answer, *, doing: str, subject: str, server: Server, endpoint: Endpoint | None
) -> errors.APIStatusError:
    """The typed error of an answer with an error status; without an `endpoint`, no key was sent."""
    said = _without_key(server_message(answer), endpoint)
    request_id = answer.headers.get("x-request-id")
    sentence = _sentence(
        answer, said, doing=doing, subject=subject, server=server, endpoint=endpoint
    )
    if request_id:
        sentence += f" [request {request_id}]"
    kind = errors.APIStatusError.class_for(answer.status)
    return kind(sentence, status=answer.status, server_message=said, request_id=request_id)


def _sentence(
    answer: Answer,
    said: str,
    *,
    doing: str,
    subject: str,
    server: Server,
    endpoint: Endpoint | None,
) -> str:
    quoted = f' ("{said}")' if said else ""
    match answer.status:
        case 401 | 403 if endpoint is None:
            return f"the address does not let anybody {doing}{quoted}; copy it again."
        case 401 if endpoint and not endpoint.access_token.get_secret_value().startswith("tr_"):
            return (
                f"{server} did not accept the public access token{quoted}: it has expired, or "
                f"only the secret key may {doing}."
            )
        case 401:
            return (
                f"{server} did not accept the key{quoted}; check TRIGGER_SECRET_KEY, or the "
                "secret_key you gave, and that it belongs to this server."
            )
        case 403:
            return (
                f"this token may not {doing}{quoted}; use one whose scopes cover it "
                "(auth.create_public_token), or the secret key."
            )
        case 404 if subject and not _is_html(answer):
            return (
                f"{server} has no {subject}{quoted}; check the id, and that the key belongs "
                "to the same environment."
            )
        case 404:
            return (
                f"{server} does not know how to {doing}{quoted}; is TRIGGER_API_URL the address "
                "of a Trigger.dev server?"
            )
        case 413:
            return f"{server} could not {doing}: it is too large{quoted}; send a reference instead."
        case 429:
            return f"{server} still limits requests{quoted}; wait a little, or send fewer at once."
        case status if status < 400:  # noqa: PLR2004 - HTTP's own line
            to = urlsplit(answer.headers.get("location", "")).hostname or "somewhere else"
            return (
                f"{server} redirects to {to}, where the key is not sent; if that is the right "
                "server, set TRIGGER_API_URL to it."
            )
        case status:
            return f"{server} could not {doing}: {said or 'it did not say why'} (status {status})."


def server_message(answer: Answer) -> str:
    """The server's own words: `error`, `message` or `detail` of a JSON body, else a short text."""
    if _is_html(answer):
        return ""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return " ".join(answer.text.split())[:_LONGEST_QUOTE]
    if isinstance(body, dict):
        for name in ("error", "message", "detail", "title"):
            if isinstance(body.get(name), str):
                return str(body[name])[:_LONGEST_QUOTE]
    return ""


def connection_error(
    error: httpx.RequestError, *, server: Server, timeout: float
) -> errors.APIConnectionError:
    """No answer: refused, unknown, untrusted, cut or late, in words."""
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return errors.APITimeoutError(
            f"{server} did not answer within {timeout:g} s; try again, or give timeout=…"
        )
    reason = connection_reason(error)
    if server.embedded:
        return errors.APIConnectionError(
            f"cannot reach {server}: {reason}; its engine.log says more."
        )
    kind = (
        errors.APITimeoutError
        if isinstance(error, httpx.ConnectTimeout)
        else errors.APIConnectionError
    )
    return kind(f"cannot reach {server}: {reason}; is the address right and the server up?")


def connection_reason(error: BaseException) -> str:
    """The cause below httpx's own exception, in words."""
    if isinstance(error, httpx.ConnectTimeout):
        return "it does not answer"
    for cause in _causes(error):
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, socket.gaierror):
            return "no such host"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({cause.verify_message})"
    if isinstance(error, httpx.ConnectError):
        return str(error) or "no connection"
    return "the connection was cut"


def _causes(error: BaseException | None, depth: int = 0) -> Iterator[BaseException]:
    if error is None or depth > 10:  # noqa: PLR2004 - chains are short; cycles are possible
        return
    yield error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _causes(inner, depth + 1)
    yield from _causes(error.__cause__ or error.__context__, depth + 1)


def _is_html(answer: Answer) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html")


def _without_key(text: str, endpoint: Endpoint | None) -> str:
    if endpoint is None:
        return text
    return text.replace(endpoint.access_token.get_secret_value(), "…")
