import type { FormState } from "../form/state.js";

/** What the kernel tells about a task that can be started here. Every field may be missing at first. */
export interface TriggerState extends FormState {
  task: string | null;
  submitting: boolean | null;
  /** newest first; times are epoch ms */
  runs: { id: string; created_at: number | null }[] | null;
  /** the model of the newest run's card: "IPY_MODEL_<id>" */
  child: string | null;
  fault: string | null;
  hint: string | null;
}
