/** Every state a table of runs can be in, for the tests and the gallery. `T` is now, in epoch ms. */
import type { RunRow, RunsState } from "../src/runs/state.js";

export interface RunsScene {
  name: string;
  state: Partial<RunsState>;
  offline?: boolean;
  width?: number;
}

const CITIES = ["Aachen", "Bergamo", "Cádiz", "Dresden", "Évora", "Faro", "Ghent", "Havířov", "Ioannina", "Jena", "Košice", "Lund"];
const ERRORS = [
  "ValueError: column “price” has 14 missing values",
  "KeyError: 'region'",
  "HTTPStatusError: 429 Too Many Requests for https://api.example.org/v1/scores",
];

/** An id like those of the server: letters and digits that look random, the same each time. */
export function runId(i: number): string {
  let n = (i + 7) * 2654435761;
  return `run_cm4k${Array.from({ length: 17 }, () => ((n = (n * 16807) % 2147483647) % 36).toString(36)).join("")}`;
}

export interface Given extends RunRow {
  id: string;
}

export function row(T: number, i: number, status: string, more: Partial<Given> = {}): Given {
  const began = !["QUEUED", "DELAYED", "PENDING_VERSION", "EXPIRED"].includes(status);
  const over = ["COMPLETED", "FAILED", "CANCELED", "CRASHED", "TIMED_OUT", "SYSTEM_FAILURE", "EXPIRED"].includes(status);
  const started = T - 41_000 + i * 180;
  return {
    id: runId(i),
    task: "score-rows",
    status,
    created_at: T - 44_000 + i,
    started_at: began ? (over ? started : T - 700 - ((i * 977) % 9000)) : null,
    finished_at: over ? started + 12 + ((i * 7919) % 4200) : null,
    fraction: status === "EXECUTING" ? ((i * 37) % 100) / 100 : null,
    label: `${CITIES[i % CITIES.length]}, ${1000 + i}`,
    cells: status === "COMPLETED" ? { "output.score": ((i * 7717) % 10000) / 10000, "output.decile": 1 + (i % 10), "metadata.stage": "score" } : began ? { "metadata.stage": ["load", "fit", "score"][i % 3] } : null,
    note: status === "COMPLETED" ? `{ score: 0.${String((i * 7717) % 10000).padStart(4, "0")}, decile: ${1 + (i % 10)} }` : status === "FAILED" ? (ERRORS[i % 3] ?? null) : status === "CRASHED" ? "The process of notebook scores.ipynb died while it executed this run." : null,
    ...more,
  };
}

const AUTOMATIC = ["output.score", "output.decile", "metadata.stage"];
/** What the kernel tells of the fields of these rows. */
export const FIELDS = {
  fields: { tags: "text", cost: "number", "output.score": "number", "output.decile": "number", "metadata.stage": "text", "metadata.fit.r2": "number", "payload.city": "text", "payload.zip": "number" },
  automatic: AUTOMATIC,
  columns: null,
  sort: null,
  selected: [],
  child: null,
};

export function rowsOf(list: readonly Given[]): Pick<RunsState, "rows" | "counts"> {
  const counts: Record<string, number> = {};
  for (const { status } of list) counts[status ?? ""] = (counts[status ?? ""] ?? 0) + 1;
  return { rows: Object.fromEntries(list.map((each) => [each.id, each])), counts };
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

export function runsScenes(T: number): RunsScene[] {
  const base = (more: Partial<RunsState> = {}): Partial<RunsState> => ({
    title: "score-rows",
    subtitle: "batch_93kd81mx02q7a5c4z",
    rows: {},
    counts: {},
    total: 500,
    finished: 0,
    rate: null,
    eta: null,
    done: false,
    connection: { state: "live", reason: null },
    fault: null,
    hint: null,
    can: { cancel: true, replay: true },
    ...FIELDS,
    now: T,
    ...more,
  });
  const middle = (i: number) => (i % 41 === 3 ? "FAILED" : i < 365 ? "COMPLETED" : i === 366 ? "WAITING" : i < 435 ? "EXECUTING" : "QUEUED");
  const going = rowsOf(range(500).map((i) => row(T, (i + 358) % 500, middle((i + 358) % 500), { created_at: T - 44_000 + i })));
  const executing = (more: Partial<RunsState> = {}) => base({ ...going, finished: 365, rate: 12.4, eta: 41, ...more });
  const over = (status: (i: number) => string, more: Partial<RunsState> = {}) =>
    base({ ...rowsOf(range(500).map((i) => row(T, i, status(i)))), finished: 500, done: true, connection: { state: "closed" }, ...more });
  const odd = ["PENDING_VERSION", "DELAYED", "QUEUED", "DEQUEUED", "EXECUTING", "WAITING", "COMPLETED", "FAILED", "CANCELED", "CRASHED", "SYSTEM_FAILURE", "EXPIRED", "TIMED_OUT", "SOME_NEW_ONE"];
  const tagged = { title: "Runs", subtitle: "user-123, q3", total: null };
  const tags = ["train-model", "score-rows", "publish-report"];
  return [
    { name: "connecting", state: {} },
    { name: "connecting, title known", state: { title: "score-rows", subtitle: "batch_93kd81mx02q7a5c4z", total: 500, connection: { state: "connecting" } } },
    { name: "waiting for the first run", state: base() },
    { name: "no runs with the tag", state: base({ ...tagged, hint: "No runs with this tag in the last 24 hours.", can: null }) },
    { name: "no runs with the tag, no hint", state: base({ ...tagged, can: null }) },
    { name: "queued", state: base({ ...rowsOf(range(500).map((i) => row(T, i, "QUEUED"))) }) },
    { name: "no worker", state: base({ ...rowsOf(range(40).map((i) => row(T, i, "PENDING_VERSION"))), total: 40, hint: "No worker has the task “score-rows”: run the cell that defines it." }) },
    { name: "executing", state: executing() },
    { name: "executing, no labels", state: executing({ rows: Object.fromEntries(Object.entries(going.rows ?? {}).map(([id, each]) => [id, { ...each, label: null }])) }) },
    { name: "every status", state: base({ ...tagged, ...rowsOf(odd.map((status, i) => row(T, i, status))), finished: 7 }) },
    { name: "several tasks", state: base({ ...tagged, ...rowsOf(range(9).map((i) => row(T, i, i < 6 ? "COMPLETED" : "EXECUTING", { task: tags[i % 3] ?? null, label: i % 3 ? null : "region: north" }))), finished: 6, can: { cancel: "this token may read the runs, not cancel them", replay: "only a secret key may replay runs" } }) },
    { name: "numbers, below and above zero", state: base({ ...rowsOf(range(6).map((i) => row(T, i, "COMPLETED", { cells: { "output.change": (i - 2) * 1234.5678, "output.p": 10 ** -i, "output.good": i % 2 === 0 } }))), fields: { "output.change": "number", "output.p": "number", "output.good": "flag" }, automatic: ["output.change", "output.p", "output.good"], total: 6, finished: 6, done: true }) },
    { name: "outputs that are texts", state: base({ ...rowsOf(range(6).map((i) => row(T, i, i === 2 ? "FAILED" : "COMPLETED", { cells: null, ...(i !== 2 && { note: "A paragraph of text that a model wrote about the quarter" }) }))), fields: { output: "text" }, automatic: [], total: 6, finished: 6, done: true }) },
    { name: "chosen columns, sorted, selected", state: over((i) => (i % 41 === 3 ? "FAILED" : "COMPLETED"), { columns: ["label", "status", "time", "output.score", "metadata.stage", "created", "cost", "note"], sort: "-output.score", selected: [runId(298), runId(12), runId(3)] }) },
    { name: "canceling many", state: executing({ doing: { name: "cancel", done: 12, of: 40 }, replayed: [runId(900), runId(901)] }) },
    { name: "up to date", state: base({ ...tagged, ...rowsOf(range(4).map((i) => row(T, i, "COMPLETED"))), finished: 4 }) },
    { name: "reconnecting", state: executing({ connection: { state: "retrying", reason: "connection refused, next try in 4 s" } }) },
    { name: "completed", state: over(() => "COMPLETED") },
    { name: "done, some failed", state: over((i) => (i % 41 === 3 ? "FAILED" : i % 199 === 7 ? "CRASHED" : "COMPLETED")) },
    { name: "done, some canceled", state: over((i) => (i > 430 ? "CANCELED" : "COMPLETED")) },
    { name: "offline, executing", offline: true, state: executing() },
    { name: "offline, completed", offline: true, state: over(() => "COMPLETED") },
    { name: "fault", state: { title: "score-rows", subtitle: "batch_doesnotexist", fault: "There is no batch “batch_doesnotexist” on http://127.0.0.1:45127: check the id, or the server it was triggered on.", connection: { state: "failed" } } },
    { name: "long names", state: base({ title: "a-task-with-a-name-that-is-much-longer-than-anybody-would-wish-for-in-a-cell-of-a-notebook", subtitle: "t".repeat(120), ...rowsOf([row(T, 1, "FAILED", { label: "l".repeat(300), note: "n ".repeat(500) }), row(T, 2, "COMPLETED", { label: "two\nlines", note: "two\nlines" })]), total: 2, finished: 2 }) },
  ];
}
