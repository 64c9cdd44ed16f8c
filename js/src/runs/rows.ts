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
  /** by field */
  readonly cells: Readonly<Record<string, unknown>>;
}

/** `down` is from the greatest to the least. */
export interface Sort {
  readonly by: string;
  readonly down: boolean;
}

export interface Filter {
  /** statuses; none means all */
  readonly statuses: ReadonlySet<string>;
  /** in any letter case */
  readonly words: string;
  /** of this task alone; "" means all */
  readonly task: string;
  /** created in the last so many minutes; 0 is any time, null is between these two, in epoch ms */
  readonly minutes: number | null;
  readonly since: number | null;
  readonly until: number | null;
}

export const NO_FILTER: Filter = { statuses: new Set(), words: "", task: "", minutes: 0, since: null, until: null };

/** A line shows less; a tooltip needs no more. */
const LINE = 400;

/** All statuses in the order of a bar: what is over, what goes on, what is to come. */
export const ORDER = [
  "COMPLETED", "FAILED", "CRASHED", "SYSTEM_FAILURE", "TIMED_OUT", "EXPIRED", "CANCELED",
  "EXECUTING", "WAITING", "DEQUEUED", "QUEUED", "DELAYED", "PENDING_VERSION",
];
const PLACE = new Map(ORDER.map((status, place) => [status, place]));
export const place = (status: string): number => PLACE.get(status) ?? ORDER.length;

/** What a row has in a field. */
export const cellOf = ({ cells }: Row, field: string): unknown => (Object.hasOwn(cells, field) ? cells[field] : undefined);

export const isOver = (row: Row): boolean => lookOf(row).phase === "after";
export const isBad = (row: Row): boolean => lookOf(row).tone === "bad";

/** All rows known, kept as the kernel tells of them. */
export class Rows {
  readonly byId = new Map<string, Row>();
  readonly tasks = new Set<string>();
  /** from the least (0 at most) to the greatest number of a field */
  readonly scales = new Map<string, [least: number, most: number]>();
  /** whether any row ever had a label, a progress, a note that its fields do not say */
  labelled = false;
  progressed = false;
  noted = false;
  /** all rows as they were sorted last, which is nearly how they are to be sorted next */
  #sorted: readonly string[] = [];
  #by = "";
  #keys = new WeakMap<Row, Key>();
  /** whether any status ever took more than a word or two */
  wordy = false;

  /** Take rows by id; null takes one away. Gives whether rows came or went. */
  take(rows: Iterable<readonly [id: string, row: unknown]>, anew = false): boolean {
    let other = anew;
    if (anew) {
      this.byId.clear();
      this.scales.clear();
    }
    for (const [id, value] of rows) {
      if (!isFields(value)) {
        other = this.byId.delete(id) || other;
        continue;
      }
      const row = asRow(id, value);
      other ||= !this.byId.has(id);
      this.byId.set(id, row);
      this.#note(row);
    }
    return other;
  }

  #note(row: Row): void {
    if (row.task) this.tasks.add(row.task);
    this.labelled ||= row.label !== "";
    this.progressed ||= row.fraction !== null;
    this.noted ||= row.note !== "" && !row.note.startsWith("{") && !isBad(row);
    this.wordy ||= lookOf(row).word.length > 12;
    for (const field in row.cells) {
      const value = row.cells[field];
      if (typeof value !== "number") continue;
      const [least, most] = this.scales.get(field) ?? [0, 0];
      if (value < least || value > most || !this.scales.has(field)) this.scales.set(field, [Math.min(least, value), Math.max(most, value)]);
    }
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
  arranged(filter: Filter, { by, down }: Sort, now: number): Row[] {
    const wanted = filter.words.trim().toLowerCase();
    const { minutes } = filter;
    const since = minutes === null ? filter.since : minutes > 0 ? now - minutes * 60_000 : null;
    const until = minutes === null ? filter.until : null;
    const exact = { ...filter, since, until };
    return this.#all(by, down, now).filter((row) => passes(row, exact, wanted));
  }

  #all(by: string, down: boolean, now: number): Row[] {
    const mixed = this.tasks.size > 1;
    const name = `${by} ${down} ${mixed}`;
    if (name !== this.#by) {
      this.#by = name;
      this.#sorted = [];
      this.#keys = new WeakMap();
    }
    const rows = this.#sorted.flatMap((id) => this.byId.get(id) ?? []);
    if (rows.length < this.byId.size) {
      const known = new Set(this.#sorted);
      for (const row of this.byId.values()) if (!known.has(row.id)) rows.push(row);
    }
    const sign = down ? -1 : 1;
    if (by === "run" || by === "created") rows.sort((a, b) => sign * byAge(a, b));
    else {
      const key = keyOf(by, mixed);
      const keys = this.#keys;
      for (const row of rows) if (by === "time" || !keys.has(row)) keys.set(row, key(row, now));
      rows.sort((a, b) => compare(keys.get(a) ?? null, keys.get(b) ?? null, sign) || byAge(a, b));
    }
    this.#sorted = rows.map(({ id }) => id);
    return rows;
  }
}

type Key = string | number | null;

function keyOf(by: string, mixed: boolean): (row: Row, now: number) => Key {
  switch (by) {
    case "label":
      return (row) => words(mixed ? `${row.task} ${row.label}` : row.label);
    case "task":
      return (row) => words(row.task);
    case "status":
      return (row) => place(row.status);
    case "progress":
      return (row) => row.fraction;
    case "time":
      return (row, now) => (row.started === null ? null : (row.finished ?? now) - row.started);
    case "note":
      return (row) => words(row.note);
    default:
      return (row) => {
        const value = cellOf(row, by);
        return typeof value === "number" ? value : value === undefined || value === null ? null : words(String(value));
      };
  }
}

/** Text as it is sorted: in any letter case, numbers by their size. Thousands of rows have no time for a collator. */
const words = (text: string): Key => text.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(15, "0")) || null;

/** What is missing comes last, in both directions; numbers before texts. */
function compare(a: Key, b: Key, sign: number): number {
  if (a === b) return 0;
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a !== typeof b) return typeof a === "number" ? -sign : sign;
  return a < b ? -sign : sign;
}

function byAge(a: Row, b: Row): number {
  const [from, to] = [a.created ?? Number.MAX_VALUE, b.created ?? Number.MAX_VALUE];
  return from - to || (a.id < b.id ? -1 : Number(a.id > b.id));
}

function passes(row: Row, { statuses, task, since, until }: Filter, wanted: string): boolean {
  if (statuses.size > 0 && !statuses.has(row.status)) return false;
  if (task !== "" && row.task !== task) return false;
  if (since !== null && (row.created ?? 0) < since) return false;
  if (until !== null && (row.created ?? 0) > until) return false;
  return wanted === "" || says(row, wanted);
}

function says(row: Row, wanted: string): boolean {
  const has = (text: unknown) => String(text).toLowerCase().includes(wanted);
  return [row.id, row.label, row.task, row.note, lookOf(row).word].some(has) || Object.values(row.cells).some(has);
}

function asRow(id: string, fields: Record<string, unknown>): Row {
  const fraction = number(fields["fraction"]);
  const cells = fields["cells"];
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
    cells: isFields(cells) ? cells : NONE,
  };
}
const NONE = {};

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, LINE) : typeof value === "number" ? String(value) : "";
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
