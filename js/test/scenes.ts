/** Every state a run's card can be in, for the tests and the gallery. `T` is now, in epoch ms. */
import type { RunState } from "../src/run/state.js";
import { approvalScenes } from "./approval-scenes.js";
import { streamScenes } from "./stream-scenes.js";

export interface Scene {
  name: string;
  state: Partial<RunState>;
  /** no kernel: only what was saved */
  offline?: boolean;
  /** width of the cell, in px */
  width?: number;
  /** the models that its cards inside are made of, by id */
  children?: Record<string, { kind: string; state: object }>;
}

const PY_STACK = `Traceback (most recent call last):
  File "/home/ana/.venv/lib/python3.11/site-packages/trigger_widgets/worker/attempt.py", line 88, in run
    return await call(task, payload)
  File "/home/ana/forecast/tasks.py", line 31, in bootstrap
    frame = load_prices(payload["region"])
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/home/ana/forecast/data.py", line 12, in load_prices
    return clean(pd.read_csv(path), column="price")
  File "/home/ana/.venv/lib/python3.11/site-packages/pandas/io/parsers/readers.py", line 1026, in read_csv
    return _read(filepath_or_buffer, kwds)
  File "/home/ana/.venv/lib/python3.11/site-packages/pandas/io/parsers/readers.py", line 620, in _read
    parser = TextFileReader(filepath_or_buffer, **kwds)
  File "/tmp/ipykernel_4711/1093021.py", line 4, in clean
    raise ValueError(f"column “{column}” has {n} missing values")
ValueError: column “price” has 14 missing values`;

const JS_STACK = `TypeError: fetch failed
    at run (file:///app/src/trigger/tasks.ts:39:11)
    at _tracer.startActiveSpan (file:///app/node_modules/@trigger.dev/core/src/v3/workers/taskExecutor.ts:431:18)
    at file:///app/node_modules/@trigger.dev/core/src/v3/tracer.ts:135:18`;

const ERROR = { name: "ValueError", message: "column “price” has 14 missing values", stack: PY_STACK };
const METADATA = { progress: { current: 6204, total: 10000 }, stage: "resampling", best: { r2: 0.8713, lag: 3 } };
const OUTPUT = {
  r2: 0.8713,
  lag: 3,
  coefficients: { rate: -1.204, supply: 0.331, "C(month)[T.2]": 0.021, "C(month)[T.3]": 0.187, intercept: 12.441 },
  interval: [0.8402, 0.8991],
  samples: Array.from({ length: 2391 }, (_, i) => Math.round(8500 + 600 * Math.sin(i)) / 10000),
  converged: true,
  note: null,
};
const log = (T: number): RunState["log"] => [
  [T - 14_000, "info", "reading prices.csv"],
  [T - 13_000, "stdout", "10,000 rows, 12 columns"],
  [T - 12_500, "warn", "14 rows have no price"],
  [T - 12_000, "debug", "fitting price ~ rate + supply + C(month)"],
  [T - 3000, "error", "worker 3 did not answer, tried again"],
  [T - 400, "stdout", "resample 6204: r2 = 0.8713"],
];
const PAYLOAD = { region: "north-west", samples: 10_000, columns: ["rate", "supply", "month"] };
const KNOWN = {
  has_payload: true, payload: PAYLOAD, attempt: 2, max_attempts: 3, version: "20261124.3", idempotency_key: "prices-2026-q3", ttl: "10m",
  parent_id: "run_cm4k09z8y7x6w5v4u3t2s", batch_id: null, is_test: true,
};

export function scenes(T: number): Scene[] {
  const run = (status: string | null, more: Partial<RunState> = {}): Partial<RunState> => ({
    run_id: "run_cm4k0a1b2c3d4e5f6x7q2",
    task: "bootstrap-prices",
    status,
    created_at: T - 15_200,
    now: T,
    tags: [],
    connection: { state: "live", reason: null },
    can: { cancel: true },
    ...more,
  });
  const started = { started_at: T - 14_830 };
  const over = (status: string, more: Partial<RunState> = {}) =>
    run(status, { ...started, finished_at: T - 300, can: null, connection: { state: "closed" }, ...more });
  const progress = { fraction: 0.6204, current: 6204, total: 10000, rate: 418, eta: 9.1, label: null };
  const replay = { kind: "run", state: run("EXECUTING", { run_id: "run_cm4kreplay00000000000", ...started, progress }) };
  const part = (kind: string, scenes: { name: string; state: object }[], name: string) => ({ kind, state: scenes.find((each) => each.name === name)?.state ?? {} });
  const children = { stream: part("stream", streamScenes(T), "done"), approval: part("approval", approvalScenes(T), "asking") };
  const parts = Object.keys(children).map((kind) => ({ kind, name: kind, child: `IPY_MODEL_${kind}` }));
  return [
    { name: "connecting", state: {} },
    { name: "connecting, id known", state: { run_id: "run_cm4k0a1b2c3d4e5f6x7q2", connection: { state: "connecting" } } },
    {
      name: "waiting for a worker",
      state: run("PENDING_VERSION", {
        hint: "No worker has the task “bootstrap-prices”: run the cell that defines it, or start `trigger-widgets dev tasks.py`.",
      }),
    },
    { name: "delayed", state: run("DELAYED", { delayed_until: T + 252_000 }) },
    { name: "queued", state: run("QUEUED", { tags: ["user-123", "region:north-west"] }) },
    { name: "starting", state: run("DEQUEUED") },
    { name: "executing, no progress", state: run("EXECUTING", { ...started, metadata: { stage: "reading" } }) },
    {
      name: "executing",
      state: run("EXECUTING", { ...started, progress, metadata: METADATA, log: log(T), ...KNOWN, attempt: 1, queued_at: T - 15_100, tags: ["user-123"] }),
    },
    {
      name: "executing, label, retry, cost",
      state: run("EXECUTING", {
        ...started,
        attempt: 2,
        max_attempts: 3,
        cost_cents: 0.04,
        progress: { ...progress, label: "resampling region north-west", rate: 0.4, eta: 312 },
        tags: ["user-123", "q3", "region:north-west", "nightly", "again"],
      }),
    },
    { name: "canceling", state: run("EXECUTING", { ...started, progress, cancelling: true }) },
    { name: "waiting in the task", state: run("WAITING", { ...started, progress }) },
    { name: "reconnecting", state: run("EXECUTING", { ...started, progress, connection: { state: "retrying", reason: "connection refused, next try in 4 s" } }) },
    { name: "no longer followed", state: run("EXECUTING", { ...started, progress, connection: { state: "closed", reason: null } }) },
    { name: "read-only token", state: run("EXECUTING", { ...started, progress, can: { cancel: "This token may only read the run; cancel needs the secret key." } }) },
    { name: "completed, object", state: over("COMPLETED", { has_output: true, output: OUTPUT, metadata: METADATA, progress, log: log(T), ...KNOWN, cost_cents: 0.04, can: { replay: true } }) },
    { name: "an agent", state: run("WAITING", { ...started, task: "write-report", parts, metadata: { stage: "waiting for the editor" }, ...KNOWN }), children },
    { name: "an agent, its parts lost", state: over("COMPLETED", { parts, has_output: true, output: 3 }) },
    { name: "replayed", state: over("FAILED", { error: ERROR, ...KNOWN, can: { replay: true }, replayed: { id: "run_cm4kreplay00000000000", child: "IPY_MODEL_replay" } }), children: { replay } },
    { name: "completed, read-only token", state: over("COMPLETED", { has_output: true, output: 3, can: { replay: "This token may read the run; replay needs the secret key." } }) },
    { name: "completed, number", state: over("COMPLETED", { has_output: true, output: 0.8713204 }) },
    { name: "completed, short text", state: over("COMPLETED", { has_output: true, output: "s3://reports/q3/prices.parquet" }) },
    {
      name: "completed, long text",
      state: over("COMPLETED", {
        has_output: true,
        output: `What moved the price\n\nThree things, in order of size: the rate decision, a supply shock in week 31, and a seasonal term the model had underestimated.\n\n${"The residuals after week 35 suggest that the effect is fading. ".repeat(80)}`,
      }),
    },
    { name: "completed, a list of rows", state: over("COMPLETED", { has_output: true, output: Array.from({ length: 240 }, (_, i) => ({ row: i, region: i % 2 ? "north" : "south", score: (i * 37) % 100 / 100 })) }) },
    { name: "completed, none", state: over("COMPLETED", { has_output: false }) },
    { name: "failed", state: over("FAILED", { error: ERROR, progress, ...KNOWN, attempt: 3, metadata: METADATA, log: log(T), can: { replay: true } }) },
    { name: "failed, TypeScript task", state: over("FAILED", { error: { name: "TypeError", message: "fetch failed", stack: JS_STACK } }) },
    { name: "crashed", state: over("CRASHED", { error: { name: "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE", message: "The process of notebook prices.ipynb died while it executed this run.", stack: null }, progress }) },
    { name: "system failure", state: over("SYSTEM_FAILURE", { error: { name: null, message: "The server could not start the run.", stack: null } }) },
    { name: "canceled", state: over("CANCELED", { progress, metadata: METADATA }) },
    { name: "expired", state: run("EXPIRED", { finished_at: T - 5200, can: null, error: { name: null, message: "Run expired because the TTL (10s) was reached", stack: null } }) },
    { name: "timed out", state: over("TIMED_OUT", { progress, error: { name: "MAX_DURATION_EXCEEDED", message: "Run exceeded maximum compute time (maxDuration) of 10 seconds", stack: null } }) },
    { name: "offline, executing", state: run("EXECUTING", { ...started, progress, metadata: METADATA }), offline: true },
    { name: "offline, completed", state: over("COMPLETED", { has_output: true, output: { r2: 0.8713, lag: 3 } }), offline: true },
    { name: "fault: unknown run", state: { run_id: "run_doesnotexist0000", fault: "There is no run “run_doesnotexist0000” on http://127.0.0.1:45127: check the id, or the server it was triggered on.", connection: { state: "failed" } } },
    { name: "fault: wrong key", state: run("EXECUTING", { ...started, can: null, fault: "https://api.trigger.dev refused the key: check TRIGGER_SECRET_KEY.", connection: { state: "failed" } }) },
    { name: "narrow", width: 320, state: run("EXECUTING", { ...started, progress, metadata: METADATA, tags: ["user-123"] }) },
    { name: "narrow, failed", width: 320, state: over("FAILED", { error: ERROR, progress, attempt: 3, max_attempts: 3 }) },
    { name: "long names", state: run("EXECUTING", { ...started, task: "a-task-with-a-name-that-is-much-longer-than-anybody-would-wish-for-in-a-cell-of-a-notebook", progress, metadata: { ["k".repeat(80)]: "v".repeat(900) } }) },
  ];
}
