/** What the kernel tells about a run. Times are epoch ms; every field may be missing at first. */
export interface RunState {
  run_id: string | null;
  task: string | null;
  status: string | null;
  created_at: number | null;
  started_at: number | null;
  finished_at: number | null;
  delayed_until: number | null;
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
  logs_tail: string | null;
  connection: Connection | null;
  hint: string | null;
  fault: string | null;
  can: { cancel?: true | string | null } | null;
  cancelling: boolean | null;
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
