"""The headers every request carries, as the official SDK sends them (protocol.md §2 and §4)."""

from __future__ import annotations

from trigger_widgets.config import Endpoint
from trigger_widgets.version import __version__

SDK_VERSION = "4.5.12"
API_VERSION = "2025-07-16"
"""Without it the server says FROZEN instead of WAITING, and rewrites other statuses."""
REQUEST_KEY = "x-trigger-request-idempotency-key"


def anonymous_headers() -> dict[str, str]:
    """What asks, and not who."""
    return {"user-agent": f"trigger-widgets/{__version__}"}


def common_headers(endpoint: Endpoint) -> dict[str, str]:
    """Who asks, with which key, for which preview branch."""
    headers = {
        "authorization": f"Bearer {endpoint.access_token.get_secret_value()}",
        **anonymous_headers(),
        "x-trigger-api-version": API_VERSION,
    }
    if endpoint.preview_branch:
        headers["x-trigger-branch"] = endpoint.preview_branch
    return headers


def api_headers(endpoint: Endpoint, request_key: str) -> dict[str, str]:
    """A REST call: `request_key` is the same for all its attempts, so it happens once."""
    return {
        **common_headers(endpoint),
        "trigger-version": SDK_VERSION,
        "x-trigger-realtime-streams-version": "v2",
        "x-trigger-source": "sdk",
        REQUEST_KEY: request_key,
    }


def feed_headers(endpoint: Endpoint) -> dict[str, str]:
    """A live feed. The electric version, any value, makes the server use today's header names."""
    return {**common_headers(endpoint), "x-trigger-electric-version": "1.0.0-beta.1"}
