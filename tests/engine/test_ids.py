"""Ids sort as their records were made: lists and their pages are read in that order."""

from concurrent.futures import ThreadPoolExecutor

from trigger_widgets.engine.ids import first_id, new_id, now_ms


def test_ids_sort_as_they_were_made_within_one_millisecond():
    now = now_ms()
    made = [new_id(now) for _ in range(2_000)]
    assert made == sorted(made)
    assert {len(i) for i in made} == {25}
    assert first_id(now) < made[0] < made[-1] < first_id(now + 1)


def test_a_later_millisecond_comes_later():
    assert new_id(1_000) < new_id(1_001) < new_id(now_ms())


def test_threads_make_no_id_twice():
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(new_id, [5] * 4_000))
    assert len(set(made)) == 4_000
