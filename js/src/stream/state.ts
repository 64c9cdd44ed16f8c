import type { Connection } from "../run/state.js";

/** What the kernel tells about a stream. Times are epoch ms; every field may be missing at first. */
export interface StreamState {
  run_id: string | null;
  task: string | null;
  /** its id */
  stream: string | null;
  mode: "markdown" | "text" | "json" | null;
  /** grows at its end */
  text: string | null;
  /** of the whole text: the rest of a long one comes after a snapshot */
  length: number | null;
  /** the last parts of mode "json"; grows at its end */
  items: unknown[] | null;
  /** what is missing from the front of `text`, in a sentence */
  truncated: string | null;
  /** of parts that are objects: which have text, and which one is joined (null: all, as JSON) */
  fields: string[] | null;
  field: string | null;
  parts: number | null;
  first_at: number | null;
  last_at: number | null;
  now: number | null;
  /** nothing more will come */
  done: boolean | null;
  /** of the run */
  status: string | null;
  /** the reader stopped following; the run goes on */
  stopped: boolean | null;
  connection: Connection | null;
  hint: string | null;
  fault: string | null;
  note: string | null;
}
