"""A server that takes batches, in small, for what a real one does at its worst."""

import json

import httpx

from trigger_widgets.packets import decode_packet

DONE = "COMPLETED_SUCCESSFULLY"


def payload_of(item):
    return decode_packet(item["payload"], item["options"]["payloadType"])


class BatchServer:
    """Takes batches as the real server does, and completes their runs with what they were given.

    `lost` are places that become no run, `unseen` places that the feed leaves out, `failing` ones
    whose run fails. `forgets` is how many bodies of items are swallowed, `refuses` how many
    requests are answered 503 before the rest, `broken` a batch that takes no items.
    """

    def __init__(
        self, wire, *, lost=(), unseen=(), failing=(), forgets=0, broken=None, status=DONE
    ):
        self.wire, self.lost, self.unseen, self.failing = wire, lost, unseen, failing
        self.forgets, self.broken, self.status = forgets, broken, status
        self.created, self.items, self.bodies, self.canceled, self.retrieved = [], {}, [], [], []

    async def __call__(self, request):
        return self.answer(request)

    def answer(self, request):
        path = request.url.path.split("/")
        if request.method == "POST" and path[-1] == "batches":
            body = json.loads(request.content)
            batch = f"batch_{len(self.created)}"
            self.created.append(body)
            self.items[batch] = {}
            return httpx.Response(
                202, json={"id": batch, "runCount": body["runCount"], "isCached": False},
                headers={"x-trigger-jwt": f"eyJ{batch}"},
            )  # fmt: skip
        if path[-1] == "items":
            return self.take(path[-2], request)
        if path[-1] == "cancel":
            self.canceled.append(path[-2])
            return httpx.Response(200, json={"id": path[-2]})
        if path[1] == "realtime":
            return self.feed(path[-1])
        self.retrieved.append(path[-1])
        if path[-1].startswith("run_"):
            return httpx.Response(200, json=self.run(path[-1]))
        return httpx.Response(200, json=self.batch(path[-1]))

    def take(self, batch, request):
        assert request.headers["content-type"] == "application/x-ndjson"
        self.bodies.append(request.content)
        if batch == self.broken:
            return httpx.Response(400, json={"error": "broken"})
        if self.forgets:
            self.forgets -= 1
        else:
            for line in request.content.splitlines():
                item = json.loads(line)
                self.items[batch][item["index"]] = item
        expected = self.created[int(batch[6:])]["runCount"]
        sealed = len(self.items[batch]) == expected
        body = {"id": batch, "itemsAccepted": 1, "itemsDeduplicated": 0, "sealed": sealed}
        return httpx.Response(200, json=body)

    def row(self, batch, place):
        item = self.items[batch][place]
        failed = place in self.failing
        value = payload_of(item)
        # the order in the feed is not that of the items
        second = 59 - place % 60
        return self.wire.row(
            "COMPLETED_WITH_ERRORS" if failed else self.status, second=second,
            id=f"cuid{batch}{place}", friendlyId=f"run_{batch}x{place}",
            taskIdentifier=item["task"], payload=item["payload"],
            payloadType=item["options"]["payloadType"],
            output=json.dumps({"json": {"of": value}}), outputType="application/super+json",
            error='{"type":"STRING_ERROR","raw":"on purpose"}' if failed else None,
        )  # fmt: skip

    def feed(self, batch):
        hidden = {*self.lost, *self.unseen}
        rows = [self.row(batch, n) for n in self.items[batch] if n not in hidden]
        return self.wire.answer(*rows, offset=f"{len(rows)}_1")

    def run(self, run):
        """The same as in the feed, but for its key."""
        batch, _, place = run.removeprefix("run_").rpartition("x")
        item, moment = self.items[batch][int(place)], "2026-11-23T18:44:00Z"
        value, failed = payload_of(item), int(place) in self.failing
        return {
            "id": run, "taskIdentifier": item["task"], "createdAt": moment, "updatedAt": moment,
            "status": "FAILED" if failed else "COMPLETED", "payload": value,
            "output": None if failed else {"of": value},
            "error": {"message": "on purpose"} if failed else None,
            "idempotencyKey": item["options"].get("idempotencyKey"),
        }  # fmt: skip

    def batch(self, batch):
        moment = "2026-11-23T18:44:00Z"
        places = [n for n in self.items[batch] if n not in self.lost]
        errors = [{"index": n, "error": "queue is full"} for n in self.lost]
        return {
            "id": batch, "status": "PENDING", "createdAt": moment, "updatedAt": moment,
            "runCount": self.created[int(batch[6:])]["runCount"],
            "runs": [f"run_{batch}x{n}" for n in places], "processing": {"errors": errors},
        }  # fmt: skip
