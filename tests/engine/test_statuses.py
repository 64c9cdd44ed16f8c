import pytest

from trigger_widgets.engine.statuses import (
    API_VERSION,
    Status,
    api_status,
    feed_status,
    from_api_status,
)
from trigger_widgets.models import RunStatus


@pytest.mark.parametrize(
    ("status", "old", "new"),
    [
        ("PENDING", "QUEUED", "QUEUED"),
        ("PENDING_VERSION", "PENDING_VERSION", "PENDING_VERSION"),
        ("DEQUEUED", "EXECUTING", "DEQUEUED"),
        ("RETRYING_AFTER_FAILURE", "REATTEMPTING", "EXECUTING"),
        ("COMPLETED_SUCCESSFULLY", "COMPLETED", "COMPLETED"),
        ("COMPLETED_WITH_ERRORS", "FAILED", "FAILED"),
        ("TIMED_OUT", "TIMED_OUT", "TIMED_OUT"),
    ],
)
def test_the_measured_mapping(status, old, new):
    """raw-50-status-mapping-DBFORCED."""
    assert api_status(Status(status), None) == old
    assert api_status(Status(status), API_VERSION) == new


@pytest.mark.parametrize("status", Status)
def test_the_client_reads_every_word_we_write(status):
    """Both rooms have the table; this is where they meet."""
    read = {
        RunStatus(feed_status(status, API_VERSION)),
        RunStatus(api_status(status, API_VERSION)),
    }
    assert len(read) == 1
    assert read.pop().is_terminal == status.is_final


@pytest.mark.parametrize("status", Status)
def test_a_filter_finds_what_it_names(status):
    assert status in from_api_status(api_status(status, API_VERSION))
    assert status in from_api_status(api_status(status, None)) or status is Status.DEQUEUED


def test_a_filter_on_no_word_at_all():
    assert from_api_status("BOGUS") is None
