import type { Connection } from "../run/state.js";

/** What the kernel tells about many runs. Times are epoch ms; every field may be missing at first. */
export interface RunsState {
  title: string | null;
  /** what they have in common: tags, or the id of a batch */
  subtitle: string | null;
  /** by run id */
  rows: Record<string, RunRow>;
  counts: Record<string, number> | null;
  /** how many there will be; null when nobody knows */
  total: number | null;
  finished: number | null;
  /** per second */
  rate: number | null;
  /** seconds */
  eta: number | null;
  done: boolean | null;
  connection: Connection | null;
  fault: string | null;
  /** one sentence about what is missing; the empty state when there are no rows */
  hint: string | null;
  can: { cancel?: true | string | null; replay?: true | string | null } | null;
  /** the fields that can be columns, and of what kind each is */
  fields: Record<string, string> | null;
  /** the columns that somebody chose; null where nobody did */
  columns: string[] | null;
  /** the fields that say most */
  automatic: string[] | null;
  /** the name of a column; "-" in front is from the greatest to the least */
  sort: string | null;
  selected: string[] | null;
  /** the run whose card is open, and its model */
  child: { id: string; model: string } | null;
  /** what goes on with many runs */
  doing: { name: string; done: number; of: number } | null;
  /** the newest runs that are replays */
  replayed: string[] | null;
  now: number | null;
}

export interface RunRow {
  task?: string | null;
  status?: string | null;
  created_at?: number | null;
  started_at?: number | null;
  finished_at?: number | null;
  /** 0..1 */
  fraction?: number | null;
  /** the row's key, or the beginning of its payload */
  label?: string | null;
  /** the sentence of an error, or the beginning of an output */
  note?: string | null;
  /** what it has in the fields that are shown */
  cells?: Record<string, unknown> | null;
}
