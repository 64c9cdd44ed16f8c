/** The rows of a table, without a page: what they say, which are shown, in which order. */
import { lookOf } from "../run/status.js";
import { isFields } from "../sync.js";

export interface Row {
  readonly id: string;
  readonly task: string;
  readonly status: string;
  readonly created: number | null;
  readonly started: number | null;
  readonly finished: number | null;
  /** 0..1 */
  readonly fraction: number | null;
  readonly label: string;
  readonly note: string;
}

export type Column = "run" | "label" | "status" | "progress" | "time" | "note";

/** `down` is from the greatest to the least. */
export interface Sort {
  readonly by: Column;
  readonly down: boolean;
}

export interface Filter {
  /** statuses; none means all */
  readonly statuses: ReadonlySet<string>;
  /** in any letter case */
  readonly words: string;
}

/** A line shows less; a tooltip needs no more. */
const LINE = 400;

/** All statuses in the order of a bar: what is over, what goes on, what is to come. */
export const ORDER = [
  "COMPLETED", "FAILED", "CRASHED", "SYSTEM_FAILURE", "TIMED_OUT", "EXPIRED", "CANCELED",
  "EXECUTING", "WAITING", "DEQUEUED", "QUEUED", "DELAYED", "PENDING_VERSION",
];
const PLACE = new Map(ORDER.map((status, place) => [status, place]));
export const place = (status: string): number => PLACE.get(status) ?? ORDER.length;

export const isOver = (row: Row): boolean => lookOf({ status: row.status }).phase === "after";

/** All rows known, kept as the kernel tells of them. */
export class Rows {
  readonly byId = new Map<string, Row>();
  readonly tasks = new Set<string>();
  /** whether any row ever had a label */
  labelled = false;

  /** Take rows by id; null takes one away. Gives whether rows came or went. */
  take(rows: Iterable<readonly [id: string, row: unknown]>, anew = false): boolean {
    let other = anew;
    if (anew) this.byId.clear();
    for (const [id, value] of rows) {
      if (!isFields(value)) {
        other = this.byId.delete(id) || other;
        continue;
      }
      const row = asRow(id, value);
      other ||= !this.byId.has(id);
      this.byId.set(id, row);
      if (row.task) this.tasks.add(row.task);
      this.labelled ||= row.label !== "";
    }
    return other;
  }

  /** From when to when the runs took; null where there is none. */
  span(): { from: number | null; until: number | null } {
    let from = Number.POSITIVE_INFINITY;
    let until = Number.NEGATIVE_INFINITY;
    for (const row of this.byId.values()) {
      from = Math.min(from, row.created ?? from);
      until = Math.max(until, row.finished ?? until);
    }
    return { from: Number.isFinite(from) ? from : null, until: Number.isFinite(until) ? until : null };
  }

  /** How many of each status; `told` by the kernel, which may know more runs than rows. */
  counts(told: unknown): Map<string, number> {
    const counts = new Map<string, number>();
    if (isFields(told) && Object.keys(told).length > 0) {
      for (const [status, n] of Object.entries(told)) if (typeof n === "number" && n > 0) counts.set(status, n);
    } else {
      for (const { status } of this.byId.values()) counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    return new Map([...counts].sort(([a], [b]) => place(a) - place(b)));
  }

  /** The rows that pass, in order. `now` is what running clocks show. */
  arranged({ statuses, words }: Filter, { by, down }: Sort, now: number): Row[] {
    const wanted = words.trim().toLowerCase();
    const rows: Row[] = [];
    for (const row of this.byId.values()) {
      if (statuses.size > 0 && !statuses.has(row.status)) continue;
      if (wanted === "" || says(row, wanted)) rows.push(row);
    }
    const sign = down ? -1 : 1;
    const key = by === "label" && this.tasks.size > 1 ? (row: Row) => `${row.task} ${row.label}` : KEYS[by];
    if (!key) return rows.sort((a, b) => sign * byAge(a, b));
    const keys = new Map(rows.map((row) => [row, key(row, now)]));
    return rows.sort((a, b) => compare(keys.get(a) ?? null, keys.get(b) ?? null, sign) || byAge(a, b));
  }
}

type Key = string | number | null;
const KEYS: Record<Column, ((row: Row, now: number) => Key) | null> = {
  run: null,
  label: (row) => row.label || null,
  status: (row) => place(row.status),
  progress: (row) => row.fraction,
  time: (row, now) => (row.started === null ? null : (row.finished ?? now) - row.started),
  note: (row) => row.note || null,
};
const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** What is missing comes last, in both directions. */
function compare(a: Key, b: Key, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return sign * (typeof a === "number" && typeof b === "number" ? a - b : words.compare(String(a), String(b)));
}

function byAge(a: Row, b: Row): number {
  return (a.created ?? Number.POSITIVE_INFINITY) - (b.created ?? Number.POSITIVE_INFINITY) || (a.id < b.id ? -1 : Number(a.id > b.id)) || 0;
}

function says(row: Row, wanted: string): boolean {
  return [row.id, row.label, row.task, row.note, lookOf(row).word].some((text) => text.toLowerCase().includes(wanted));
}

function asRow(id: string, fields: Record<string, unknown>): Row {
  const fraction = number(fields["fraction"]);
  return {
    id,
    task: text(fields["task"]),
    status: text(fields["status"]),
    created: number(fields["created_at"]),
    started: number(fields["started_at"]),
    finished: number(fields["finished_at"]),
    fraction: fraction === null ? null : Math.min(1, Math.max(0, fraction)),
    label: text(fields["label"]),
    note: text(fields["note"]),
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, LINE) : typeof value === "number" ? String(value) : "";
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
