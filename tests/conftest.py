"""What every test gets: an environment in which nothing of the developer's own can be reached."""

import os

import ipykernel.ipkernel  # noqa: F401 - replaces the manager of comms; not in the life of a widget
import pytest
from hypothesis import HealthCheck, settings

# A loaded machine is slow, which is no fault of an example. The same code gets the same examples;
# `--hypothesis-profile=search` looks for others.
search = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", search)
settings.register_profile("same", search, derandomize=True)
settings.load_profile("same")


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items):
    """The browser tests come last: their driver leaves an event loop running in this thread."""
    for item in items:
        if "/tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(autouse=True)
def no_trigger_environment(monkeypatch, tmp_path):
    """No `TRIGGER_*` of the developer's, and a data directory that dies with the test."""
    for name in os.environ:
        if name.startswith("TRIGGER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TRIGGER_WIDGETS_DATA_DIR", str(tmp_path / "trigger-widgets"))


@pytest.fixture(scope="session")
def context(tmp_path_factory):
    """One Chromium for the whole session: its driver cannot be started a second time."""
    from browser.lab import browser

    with browser(tmp_path_factory.mktemp("profile")) as context:
        yield context
