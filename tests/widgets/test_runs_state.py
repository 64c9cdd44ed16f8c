"""What a table sums up, kept as its runs change."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.models import Run, RunStatus
from trigger_widgets.widgets.runs_state import Order, Tally

BEGAN = datetime(2026, 11, 25, tzinfo=UTC)


def run(number, status):
    # created in another order than that of the ids, and some at the same time
    created = BEGAN + timedelta(seconds=number * 7 % 5)
    return Run(
        id=f"run_{number}",
        task_identifier="t",
        status=status,
        created_at=created,
        updated_at=created,
    )


tables = st.lists(
    st.dictionaries(st.integers(0, 9), st.sampled_from([RunStatus.QUEUED, RunStatus.COMPLETED])),
    max_size=8,
)


@given(tables)
def test_order_and_counts_are_those_of_the_runs_whatever_comes_and_goes(tables):
    order, tally, before = Order(), Tally(), {}
    for table in tables:
        runs = {f"run_{number}": run(number, status) for number, status in table.items()}
        gone = tally.see([new for name, new in runs.items() if before.get(name) != new], runs)
        assert set(gone) == before.keys() - runs.keys()
        assert order.of(runs) == sorted(runs.values(), key=lambda one: (one.created_at, one.id))
        assert tally.known == len(runs)
        assert tally.finished == sum(one.is_terminal for one in runs.values())
        before = runs
