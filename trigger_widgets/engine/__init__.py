"""The embedded server: Trigger.dev's protocol on one machine, in one process, on one SQLite file.

It knows nothing of clients. Three layers, each in terms of the one below:

* `routes`: one module a resource, HTTP in and out;
* `runs`, `dispatch`, `registry`, `timers`, `liveness`: what happens to runs and workers;
* `store`, `hub`: durable rows and in-memory wake-ups.

Beside them the pure rules, which only turn data into data: `snapshots` (the state machine of
a run), `lifecycle`, `completion`, `metadata`, `feed_rows`, `run_views`, `tokens`, `scopes`.
"""
