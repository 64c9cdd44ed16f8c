"""A Trigger.dev server that answers as a real one did (recorded/), over real HTTP.

It knows no query parameter and no endpoint of ours, refuses what names an old snapshot as a real
server does (a bare 500), and holds a dequeue by itself.
"""

import asyncio
import json
import re
import socket
import threading
from pathlib import Path

import uvicorn

RECORDED = Path(__file__).parent / "recorded"
_HOLD_SECONDS = 0.5
_STATE = re.compile(r"/engine/v1/dev/runs/(run_\w+)/snapshots/(\w+)(/attempts/\w+|/heartbeat)?$")


def recorded(name):
    return json.loads((RECORDED / f"{name}.json").read_text())


class RecordedServer:
    """Replays one scenario. `released` lets the news of a cancel out; `failing` are ends of paths
    that are answered with a bare 500 once.
    """

    def __init__(self, scenario):
        self.exchanges = scenario["exchanges"]
        self.dequeues = list(scenario["dequeues"])
        self.requests = []
        self.unknown = []
        self.failing = set()
        self.released = threading.Event()
        self._done = set()
        self._latest = {
            message["run"]["friendlyId"]: _execution(message["snapshot"])
            for message in self.dequeues
        }
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app, interface="asgi3", lifespan="off", log_config=None, ws="none", http="h11"
            )
        )
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self):
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()
        self._socket.close()

    def sent(self, method, end):
        """The bodies of all requests to paths with this end."""
        return [
            r["body"] for r in self.requests if r["method"] == method and r["path"].endswith(end)
        ]

    def _run(self):
        asyncio.run(self._server.serve(sockets=[self._socket]))

    async def _app(self, scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        is_json = "application/json" in headers.get("content-type", "")
        asked = {
            "method": scope["method"],
            "path": scope["raw_path"].decode().partition("?")[0],
            "headers": headers,
            "body": json.loads(body) if is_json else body.decode(),
        }
        self.requests.append(asked)
        status, answer, more_headers = await self._answer(asked["method"], asked["path"])
        data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        sent = {"content-type": "application/json; charset=utf-8", **more_headers}
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
            }
        )
        await send({"type": "http.response.body", "body": data})

    async def _answer(self, method, path):
        if path.endswith("/background-workers"):
            return 200, recorded("register")["response"], {}
        if path == "/engine/v1/dev/dequeue":
            return 200, {"dequeuedMessages": await self._dequeue()}, {}
        if path == "/engine/v1/dev/disconnect":
            return 200, {"cancelled": 0}, {}
        if path.endswith("/records"):  # of the store of streams v2
            return 200, {}, {}
        state = _STATE.fullmatch(path)
        if state is not None and state[2] == "latest":
            return 200, {"execution": self._look(state[1])}, {}
        if state is not None and state[3] == "/heartbeat":
            return 200, {"ok": True}, {}
        if state is not None and state[3] in self.failing:
            self.failing.remove(state[3])
            return 500, {"error": "Internal Server Error"}, {}
        return self._replay(method, path, is_state=state is not None)

    def _replay(self, method, path, *, is_state):
        matching = [
            i for i, e in enumerate(self.exchanges) if (e["method"], e["path"]) == (method, path)
        ]
        if not matching:
            self.unknown.append((method, path))
            if is_state:
                return 500, {"error": "Internal Server Error"}, {}
            return 404, {"error": "Not Found"}, {}
        index = next((i for i in matching if i not in self._done), matching[-1])
        self._done.add(index)
        found = self.exchanges[index]
        said = found["response"]
        if is_state:
            snapshot = (said.get("result") or said)["snapshot"]
            run_id = _STATE.fullmatch(path)[1]
            self._latest[run_id] = _execution(snapshot)
        headers = {
            name: self.url if name == "x-s2-endpoint" else value
            for name, value in found.get("headers", {}).items()
        }
        return found["status"], said, headers

    def _has_happened(self, index):
        """Whether all that changed the server's mind before this exchange was done again."""
        before = self.exchanges[:index]
        return all(i in self._done for i, e in enumerate(before) if e["method"] == "POST")

    def _look(self, run_id):
        path = f"/engine/v1/dev/runs/{run_id}/snapshots/latest"
        for i, exchange in enumerate(self.exchanges):
            if exchange["path"] == path and i not in self._done and self._has_happened(i):
                execution = exchange["response"]["execution"]
                is_cancel = execution["snapshot"]["executionStatus"] == "PENDING_CANCEL"
                if not is_cancel or self.released.is_set():
                    self._done.add(i)
                    self._latest[run_id] = execution
                break
        return self._latest[run_id]

    async def _dequeue(self):
        for _ in range(50):
            if self._server.should_exit:
                break
            if self.dequeues and self._may_start(self.dequeues[0]["run"]["friendlyId"]):
                return [self.dequeues.pop(0)]
            await asyncio.sleep(_HOLD_SECONDS / 50)
        return []

    def _may_start(self, run_id):
        starts = (
            i
            for i, e in enumerate(self.exchanges)
            if run_id in e["path"] and e["path"].endswith("/start")
        )
        return self._has_happened(next(starts))


def _execution(snapshot):
    return {"version": "1", "snapshot": snapshot, "completedWaitpoints": []}
