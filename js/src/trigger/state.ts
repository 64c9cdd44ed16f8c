/** What the kernel tells about a task that can be started here. Every field may be missing at first. */
export interface TriggerState {
  task: string | null;
  /** JSON Schema of the payload */
  schema: unknown;
  /** JSON text to begin with */
  payload: string | null;
  submitting: boolean | null;
  problem: Problem | null;
  /** newest first; times are epoch ms */
  runs: { id: string; created_at: number | null }[] | null;
  /** the model of the newest run's card: "IPY_MODEL_<id>" */
  child: string | null;
  fault: string | null;
  hint: string | null;
}

export interface Problem {
  message?: string | null;
  /** by JSON pointer (RFC 6901) */
  fields?: Record<string, string> | null;
}
