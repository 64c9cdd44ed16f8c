import logging
import threading

from trigger_widgets.api.quiet import THREAD_PREFIX, hush_background_requests


def test_only_the_backgrounds_requests_are_kept_out_of_the_log(caplog):
    hush_background_requests()
    hush_background_requests()
    log = logging.getLogger("httpx")
    with caplog.at_level(logging.INFO):
        log.info("by the user")
        log.info("POST %s", "http://h/api/v1/waitpoints/tokens/waitpoint_1/callback/secret")
        background = threading.Thread(
            target=log.info, args=("by a poll",), name=f"{THREAD_PREFIX}-worker"
        )
        background.start()
        background.join()
    assert caplog.messages == ["by the user"]
    assert len(log.filters) == 1
