"""What the official SDK triggers: Python tasks, in a worker of ours."""

import time

from trigger_widgets import AbortTaskRunError, metadata, streams, task, wait


@task(id="echo")
def echo(payload):
    return {"got": payload, "✓": [1.5, None, True, "ü 🎈"]}


@task(id="steps")
def steps(payload):
    for step in range(1, 4):
        metadata.set("step", step)
        metadata.flush()
    return "done"


@task(id="fails", retry={"max_attempts": 1})
def fails(payload):
    raise ValueError("no such column: prix")


@task(id="aborts")
def aborts(payload):
    raise AbortTaskRunError("not worth another try")


@task(id="sleeps")
def sleeps(payload):
    time.sleep(60)


@task(id="square")
def square(payload):
    if payload["n"] < 0:
        raise AbortTaskRunError("negative")
    return {"square": payload["n"] ** 2}


@task(id="writes")
def writes(payload):
    return streams.pipe("out", payload["parts"]).parts


@task(id="takes")
def takes(payload):
    orders = streams.input("orders")
    return [orders.wait(timeout="5m").unwrap() for _ in range(payload["count"])]


@task(id="asks")
def asks(payload):
    result = wait.for_token(payload["token"])
    return {"ok": result.ok, "output": result.output}
