"""Sends recorded requests to an engine again, as the same story with ids of today.

What an answer of then called `run_c…` is called something else now: the ids of each pair of
answers are matched, and later requests say the new ones. Tasks of then are executed by `Actor`.
"""

import json
import re
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx
import jwt

from tests.engine.conftest import Worker

ID = re.compile(r"c[a-z0-9]{24}")
RUN = re.compile(r"run_c[a-z0-9]{24}")
TOKEN = re.compile(r"waitpoint_(c[a-z0-9]{24})")
SNAPSHOT = re.compile(r"snapshots/snapshot_(c[a-z0-9]{24})/")
CALLBACK = re.compile(r"(waitpoint_c[a-z0-9]{24}/callback/)[0-9a-f]{64}")
MANY = re.compile(r"⟦(.)\*(\d+)⟧", re.DOTALL)
ENVIRONMENT = "cmwtlv2yb0005hb7djwrs1qy8"
TASKS = (
    "append-stream", "approval", "big-output", "child-fanout", "crash", "fail", "hello",
    "llm-stream", "max-duration", "progress", "slow", "tagged", "two-pipes", "validated",
    "waiter",
)  # fmt: skip
OF_THE_QUEUE = {"id": "queued", "queue": {"name": "queued", "concurrencyLimit": 1}}
GO_ON = ("slow", "queued", "llm-stream", "append-stream")
ERRORS = {
    "crash": "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE",
    "max-duration": "MAX_DURATION_EXCEEDED",
    "validated": "TASK_INPUT_ERROR",
}
LIVES = 3600
PAUSE = 1.2
SOON = re.compile(r"⟦\+\d+⟧")
A_MOMENT = timedelta(seconds=4)
VERSION = "20261123.1"


def latest_snapshot(engine, run):
    answer = engine.http.get(f"/engine/v1/dev/runs/{run}/snapshots/latest")
    return answer.json()["execution"]["snapshot"]["friendlyId"]


class Actor(threading.Thread):
    """A worker for the tasks of then: some go on until they are canceled, the rest end at once."""

    def __init__(self, engine):
        super().__init__(daemon=True)
        self.engine, self.stopped = engine, threading.Event()
        self.worker = Worker(engine, [*TASKS, OF_THE_QUEUE])
        self.held = {}
        self.start()

    def run(self):
        with httpx.Client(base_url=self.engine.url, headers=self.engine.http.headers) as http:
            while not self.stopped.is_set():
                with suppress(AssertionError, httpx.HTTPError):
                    self._execute(self.worker.dequeue(wait=1, http=http))

    def _execute(self, attempt):
        if attempt is None:
            return
        task = attempt.start()["task"]["id"]
        if task == "fail":
            attempt.fail()
        elif task in ERRORS:
            attempt.fail({"type": "INTERNAL_ERROR", "code": ERRORS[task], "message": "no"})
        elif task in GO_ON:
            self.held[attempt.run] = attempt
        else:
            attempt.complete('{"json":{"ok":true}}')

    def finish(self, run):
        """Let a run end, if it goes on."""
        if run in self.held:
            attempt = self.held.pop(run)
            attempt.snapshot = latest_snapshot(self.engine, run)
            attempt.complete()


class Story:
    """One scenario. `answer` sends one of its requests."""

    def __init__(self, engine, http, actor=None):
        self.engine, self.http, self.actor = engine, http, actor
        claims = engine.http.post("/api/v1/auth/jwt/claims", json={}).json()
        self.ids = {ENVIRONMENT: claims["sub"]}
        self.urls = {}
        self.tokens = {}

    def answer(self, exchange):
        path = self._path(exchange)
        if "finished run" in exchange["note"]:
            self.actor.finish(RUN.search(path)[0])
        if "after" in exchange["note"] and exchange["method"] == "POST":
            time.sleep(PAUSE)  # as then
        headers = {**exchange["headers"], **self._authorization(exchange)}
        if "/streams/" in path and exchange["status"] == 200:
            headers["timeout-seconds"] = "1"
        sent = MANY.sub(lambda found: found[1] * int(found[2]), exchange["sent"])
        sent = SOON.sub(lambda _: (datetime.now(UTC) + A_MOMENT).isoformat(), sent)
        return self.http.request(
            exchange["method"], path, headers=headers, content=self.today(sent).encode()
        )

    def close(self):
        """The end of the story."""

    def learn(self, then, now):
        """Match the ids of two answers."""
        if isinstance(then, dict) and isinstance(now, dict):
            for key in then.keys() & now.keys():
                self.learn(then[key], now[key])
        elif isinstance(then, list) and isinstance(now, list):
            for one, other in zip(then, now, strict=False):
                self.learn(one, other)
        elif isinstance(then, str) and isinstance(now, str):
            self.ids.update(zip(ID.findall(then), ID.findall(now), strict=False))
            if "/callback/" in now:
                token = ID.search(now)[0]
                self.urls[token] = now.rpartition("/")[2]

    def today(self, text):
        return ID.sub(lambda found: self.ids.get(found[0], found[0]), text)

    def _path(self, exchange):
        path = exchange["path"]
        for run in RUN.findall(path):
            self._know(run)
        for token in TOKEN.findall(path):
            if token not in self.ids:
                made = self.engine.http.post("/api/v1/waitpoints/tokens", json={}).json()["id"]
                self.ids[token] = made.removeprefix("waitpoint_")
        path = self.today(path)
        if "wrong hash" not in exchange["note"]:
            path = CALLBACK.sub(
                lambda found: found[1] + self.urls.get(ID.search(found[1])[0], "0"), path
            )
        return self._latest_snapshot(path)

    def _know(self, run):
        """A run of before the recording began: it has ended."""
        bare = run.removeprefix("run_")
        if bare not in self.ids:
            made = self.engine.trigger("hello", {"a": 1}, tags=["auth:a", "user_1"])
            if self.actor is not None:
                self.engine.until(made, "COMPLETED")
            self.ids[bare] = made.removeprefix("run_")

    def _latest_snapshot(self, path):
        """One that then was heard of by a websocket."""
        snapshot = SNAPSHOT.search(path)
        if snapshot is None or snapshot[1] in self.ids.values():
            return path
        run = RUN.search(path)[0]
        return path.replace(f"snapshot_{snapshot[1]}", latest_snapshot(self.engine, run))

    def _authorization(self, exchange):
        auth = exchange["auth"]
        if auth is None:
            return {}
        if auth == "key":
            return {"authorization": f"Bearer {self.engine.key}"}
        if auth in ("wrong", "other"):
            return {"authorization": "Bearer tr_dev_wrong"}
        if "text" in auth:
            return {"authorization": f"Bearer {auth['text']}"}
        asked = json.dumps([auth, exchange["status"] == 401])
        if asked not in self.tokens:  # one that is sent again is the same one
            self.tokens[asked] = self._sign(auth, exchange)
        return {"authorization": f"Bearer {self.tokens[asked]}"}

    def _sign(self, auth, exchange):
        claims = json.loads(self.today(json.dumps(auth["claims"])))
        claims["story"] = id(self)
        if "exp" in claims:  # seconds after it was made; some had ended before they began
            lifetime = claims["exp"] - claims["iat"]
            claims["iat"] = int(time.time())
            refused = exchange["status"] == 401
            expired = lifetime < 0 or (refused and "expir" in exchange["note"])
            # two that lived for different times stay two
            claims["exp"] = claims["iat"] + (-1 if expired else max(lifetime, LIVES))
        key = "another" * 10 if auth["forged"] else self.engine.key
        return jwt.encode(claims, key, auth["alg"], headers={"typ": None})


class WorkerStory(Story):
    """A scenario that a worker has recorded; the triggers of its runs are not in it."""

    def __init__(self, engine, http, exchanges, tasks):
        super().__init__(engine, http)
        self.worker = Worker(engine, tasks)
        self.started = {}
        for exchange in exchanges:
            execution = isinstance(exchange["body"], dict) and exchange["body"].get("execution")
            if execution and "task" in execution:
                self.started.setdefault(execution["run"]["id"].removeprefix("run_"), execution)

    def answer(self, exchange):
        body = exchange["body"]
        if isinstance(body, dict) and "dequeuedMessages" in body:
            for message in body["dequeuedMessages"]:
                self._queue(message["run"]["id"])
            return self.engine.http.post(
                "/engine/v1/dev/dequeue?wait=10",
                json={"currentWorker": self.worker.id, "oldWorkers": []},
            )
        self._decide(exchange)
        return super().answer(exchange)

    def today(self, text):
        return super().today(text).replace(VERSION, self.worker.version)

    def close(self):
        """Leave no run to the next story."""
        found = self.engine.http.get("/api/v1/runs?page[size]=100").json()["data"]
        for run in found:
            if not run["isCompleted"]:
                self.engine.http.post(f"/api/v2/runs/{run['id']}/cancel")

    def _decide(self, exchange):
        """Somebody else completes the token that the run has waited for."""
        body = exchange["body"]
        execution = isinstance(body, dict) and body.get("execution")
        if not execution or not exchange["path"].endswith("/latest"):
            return
        run = self.today(execution["run"]["friendlyId"])
        told = execution.get("completedWaitpoints") or ()
        if any(item["type"] == "MANUAL" and not item["outputIsError"] for item in told):
            for token in self.engine.retrieve(run).get("waitsFor", ()):
                path = f"/api/v1/waitpoints/tokens/{token}/complete"
                self.engine.http.post(path, json={"data": {"approved": True}})
        if exchange["body"]["execution"]["snapshot"]["executionStatus"] == "PENDING_CANCEL":
            self.engine.http.post(f"/api/v2/runs/{run}/cancel")

    def _queue(self, bare):
        if bare not in self.ids:
            execution = self.started.get(bare)
            task = execution["task"]["id"] if execution else "hello"
            self.ids[bare] = self.engine.trigger(task, {}).removeprefix("run_")

    def _know(self, run):
        """A run that its worker already has."""
        bare = run.removeprefix("run_")
        if bare not in self.ids:
            self._queue(bare)
            attempt = self.worker.dequeue()
            if bare not in self.started:
                attempt.start()
