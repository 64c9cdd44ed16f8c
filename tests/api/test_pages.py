"""Lists by pages: how many are asked for, and when it ends."""

import pytest

from trigger_widgets.api.pages import Page, Pages
from trigger_widgets.api.requests import Request
from trigger_widgets.errors import ConfigurationError


def pages_of(**options):
    return Pages(lambda page: Request("GET", "/", None, doing="list", params=page), **options)


def test_pages_are_asked_for_until_there_are_enough():
    pages = pages_of(limit=5)
    assert pages.request().params == {"page[size]": "5"}
    assert pages.answered(Page(["a", "b", "c"], "next")) == ["a", "b", "c"]
    assert pages.request().params == {"page[size]": "2", "page[after]": "next"}
    assert pages.answered(Page(["d", "e", "f"], "more")) == ["d", "e"]
    assert pages.request() is None


def test_all_of_them():
    pages = pages_of()
    assert pages.request().params == {"page[size]": "100"}
    pages.answered(Page([], None))
    assert pages.request() is None
    assert pages_of(limit=0).request() is None


def test_a_page_that_leads_to_itself_is_the_last():
    pages = pages_of()
    for _ in range(2):
        assert pages.request() is not None
        pages.answered(Page(["a"], "same"))
    assert pages.request() is None


@pytest.mark.parametrize("wrong", ["5", 2.5, True])
def test_a_limit_is_a_number(wrong):
    with pytest.raises(ConfigurationError, match="limit is a number of items"):
        pages_of(limit=wrong)
