import type { FormState } from "../form/state.js";
import type { Connection } from "../run/state.js";

/** What the kernel tells about a wait token. Times are epoch ms; every field may be missing at first. */
export interface ApprovalState extends FormState {
  token_id: string | null;
  title: string | null;
  run_id: string | null;
  /** markdown */
  prompt: string | null;
  /** what stands in the comment in the beginning; null where a form is asked for instead */
  comment: string | null;
  /** whether it is a yes or a no, and not one answer to send */
  verdict: boolean | null;
  /** the answers that are asked for once more */
  confirm: boolean[] | null;
  status: "WAITING" | "COMPLETED" | "TIMED_OUT" | null;
  timeout_at: number | null;
  created_at: number | null;
  completed_at: number | null;
  phase: Phase | null;
  decision: Decision | null;
  /** why it could not be sent */
  reason: string | null;
  /** a string says why not */
  can: { complete?: true | string | null } | null;
  connection: Connection | null;
  fault: string | null;
  now: number | null;
}

/**
 * asking: it waits for a person; sending: an answer is on its way; sent: the server took it, and
 * this key may not read whether it counts; accepted: ours counts; elsewhere: somebody was before us.
 */
export type Phase = "asking" | "sending" | "sent" | "accepted" | "elsewhere" | "timed_out" | "failed";

export interface Decision {
  /** null for data that is not a yes or a no */
  approved?: boolean | null;
  comment?: string | null;
  by?: string | null;
  output?: unknown;
  at?: number | null;
}
