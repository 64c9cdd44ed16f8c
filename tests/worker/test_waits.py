"""Runs that wait for a person or for a while, on a real engine."""

from worker.support import DEADLINE, until

from trigger_widgets.models import RunStatus
from trigger_widgets.tasks import task, wait


def waiting(client, run):
    return until(lambda: client.runs.retrieve(run).status is RunStatus.WAITING, "the wait")


def complete(client, key, data):
    (token,) = client.wait.list_tokens(idempotency_key=key)
    client.wait.complete_token(token.id, data)


def test_a_token_by_a_name(start_worker, client):
    @task(id="asks")
    def asks(payload):
        return wait.for_token("approval", timeout="10m").unwrap()

    start_worker()
    run = client.tasks.trigger("asks")
    waiting(client, run)
    complete(client, f"{run.id}:approval", {"approved": True})
    assert run.result(timeout=DEADLINE) == {"approved": True}
