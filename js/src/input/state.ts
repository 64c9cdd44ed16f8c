import type { FormState } from "../form/state.js";
import type { Connection } from "../run/state.js";

/** What the kernel tells about an input stream. Times are epoch ms; every field may be missing at first. */
export interface InputState extends FormState {
  run_id: string | null;
  task: string | null;
  /** its id */
  stream: string | null;
  /** whether what is sent is text as a person says it, or a value */
  mode: "chat" | "form" | null;
  /** of the run */
  status: string | null;
  /** by the order in which they were written: s1, s2, … */
  sent: Record<string, Sent> | null;
  /** how many were sent before the first of `sent` */
  earlier: number | null;
  /** a string says why not */
  can: { send?: true | string | null } | null;
  /** nothing more can be sent */
  done: boolean | null;
  now: number | null;
  connection: Connection | null;
  hint: string | null;
  fault: string | null;
}

export interface Sent {
  /** by which the view that sent it knows it */
  key?: string | null;
  data: unknown;
  at: number;
  state: "sending" | "sent" | "failed";
  /** why it failed */
  reason?: string | null;
}
