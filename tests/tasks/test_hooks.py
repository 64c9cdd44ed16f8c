import asyncio

import pytest

from trigger_widgets.errors import ConfigurationError, UnknownOptionError
from trigger_widgets.tasks import task
from trigger_widgets.tasks.hooks import Hook


def test_a_hook_gets_what_it_names():
    offered = {"payload": 1, "ctx": 2, "init": 3, "output": 4}
    assert Hook(lambda output, ctx: (output, ctx), "on_success", "t")(**offered) == (4, 2)
    assert Hook(lambda: "nothing", "on_success", "t")(**offered) == "nothing"
    assert Hook(lambda payload, extra=7: (payload, extra), "on_success", "t")(**offered) == (1, 7)
    assert Hook(lambda **all_of_it: all_of_it, "on_success", "t")(**offered) == offered

    async def later(payload):
        return payload

    assert asyncio.run(Hook(later, "init", "t")(**offered)) == 1


def test_what_no_hook_gets_is_refused_where_it_is_written(registry):
    with pytest.raises(ConfigurationError) as mistake:
        task(id="t", on_start=lambda payload, error: None)(lambda payload: None)
    assert str(mistake.value) == (
        'on_start of task "t" asks for "error"; a hook is called with what it names, and this one '
        "may name payload, ctx, init."
    )
    with pytest.raises(ConfigurationError, match=r'cleanup of task "t" is a function, not 3'):
        task(id="t", cleanup=3)(lambda payload: None)
    with pytest.raises(UnknownOptionError, match=r'no option "on_sucess"; did you mean "on_suc'):
        task(id="t", on_sucess=print)(lambda payload: None)
    assert registry.tasks() == []
