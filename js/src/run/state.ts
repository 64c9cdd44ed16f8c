/** What the kernel tells about a run. Times are epoch ms; every field may be missing at first. */
export interface RunState {
  run_id: string | null;
  task: string | null;
  status: string | null;
  created_at: number | null;
  started_at: number | null;
  finished_at: number | null;
  queued_at: number | null;
  delayed_until: number | null;
  ttl: string | null;
  is_test: boolean | null;
  now: number | null;
  attempt: number | null;
  max_attempts: number | null;
  tags: string[] | null;
  cost_cents: number | null;
  progress: Progress | null;
  metadata: Record<string, unknown> | null;
  output: unknown;
  has_output: boolean | null;
  error: TaskError | null;
  has_payload: boolean | null;
  payload: unknown;
  /** newest last */
  log: Line[] | null;
  version: string | null;
  idempotency_key: string | null;
  parent_id: string | null;
  batch_id: string | null;
  /** the cards that this one is composed of */
  parts: Part[] | null;
  /** the newest run that repeats this one */
  replayed: { id: string; child: string } | null;
  connection: Connection | null;
  hint: string | null;
  fault: string | null;
  can: { cancel?: true | string | null; replay?: true | string | null } | null;
  cancelling: boolean | null;
}

/** epoch ms, level, text */
export type Line = readonly [time: number, level: string, text: string];

export interface Part {
  kind: string;
  name: string;
  /** its model: "IPY_MODEL_<id>" */
  child: string;
}

export interface Progress {
  /** 0..1 */
  fraction?: number | null;
  current?: number | null;
  total?: number | null;
  /** per second */
  rate?: number | null;
  /** seconds */
  eta?: number | null;
  label?: string | null;
}

export interface TaskError {
  name?: string | null;
  message?: string | null;
  stack?: string | null;
}

export interface Connection {
  state: "connecting" | "live" | "retrying" | "closed" | "failed";
  reason?: string | null;
}
