import type { FormState } from "../form/state.js";

/** What the kernel tells about a task that can be started here. Every field may be missing at first. */
export interface TriggerState extends FormState {
  /** names this widget among others; not a secret */
  name: string | null;
  task: string | null;
  /** JSON Schema of the options, and JSON text to begin with */
  options_schema: unknown;
  options: string | null;
  submitting: boolean | null;
  /** newest first */
  runs: Started[] | null;
  fault: string | null;
  hint: string | null;
}

export interface Started {
  id: string;
  /** epoch ms */
  created_at: number | null;
  status?: string | null;
  /** JSON text; null when it is too long to be kept here */
  payload?: string | null;
  /** the model of its card: "IPY_MODEL_<id>" */
  child?: string | null;
}
