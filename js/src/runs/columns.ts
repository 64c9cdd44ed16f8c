import type { Rows } from "./rows.js";

/** The heights, in px, that the style sheet says too. */
export const HEAD = 30;
export const LINE = 33;
export const TWO_LINES = 52;

/** Columns that every row has the values of, in the order in which they are offered. */
export const BUILT_IN: Record<string, string> = {
  run: "Run", label: "Label", task: "Task", status: "Status", progress: "Progress", time: "Time", created: "Created", note: "Note",
};

/** Rows in sight before one scrolls. */
export const SHORT = { wide: 10, narrow: 7 };
export const TALL = { wide: 24, narrow: 16 };

/** The height in px of the part where the rows are. */
export function roomOf(rows: number, narrow: boolean, tall: boolean): number {
  const most = (tall ? TALL : SHORT)[narrow ? "narrow" : "wide"];
  return Math.min(Math.max(rows, 1), most) * (narrow ? TWO_LINES : LINE);
}

/** Widths in px from which there is room for more. Below the first a row is two lines. */
export const STEPS = [520, 600, 680, 760, 840, 940, 1060];
/** From this step on, chips and words stand on one line. */
export const ONE_LINE = 5;

const GAP = 12;
const CHOOSE = 30;
/** The least width in px, and how much of what is left. */
type Width = readonly [least: number, share: number];
const WIDTHS = new Map<string, Width>(Object.entries({
  run: [112, 0], label: [88, 1.1], task: [88, 1], status: [122, 0], progress: [88, 0.5], time: [64, 0.3], created: [84, 0], note: [140, 1.7], tags: [88, 1], cost: [64, 0],
}));
const LONG_STATUS: Width = [164, 0];
const ANY: Width = [88, 1];
const KINDS = new Map<string, Width>([["number", [84, 0.7]], ["flag", [60, 0.2]]]);

export interface Field {
  readonly name: string;
  readonly title: string;
  readonly kind: string;
}

export interface Layout {
  readonly columns: readonly Field[];
  /** for `grid-template-columns`, without the column to select */
  readonly widths: string;
  /** how wide a row is at least, in px */
  readonly least: number;
  /** a row is two lines */
  readonly narrow: boolean;
}

export interface Offer {
  /** the columns that somebody chose, if anybody did */
  readonly chosen: readonly string[] | null;
  /** the fields that say most */
  readonly automatic: readonly string[];
  /** of what kind each field is */
  readonly kinds: Readonly<Record<string, unknown>>;
}

/** "output.fit.r2" → "fit.r2". */
export function titleOf(name: string): string {
  if (Object.hasOwn(BUILT_IN, name)) return BUILT_IN[name] as string;
  const at = name.indexOf(".");
  return at < 0 ? name.charAt(0).toUpperCase() + name.slice(1) : name.slice(at + 1);
}

export const isOutput = (name: string): boolean => name === "output" || name.startsWith("output.");

/** Which columns there are, as far as there is room. `size` counts the steps reached. */
export function layoutOf(size: number, { chosen, automatic, kinds }: Offer, rows: Pick<Rows, "labelled" | "progressed" | "noted" | "wordy" | "tasks">): Layout {
  const field = (name: string): Field => ({ name, title: titleOf(name), kind: Object.hasOwn(kinds, name) ? String(kinds[name]) : "text" });
  const width = ({ name, kind }: Field) => (name === "status" && rows.wordy ? LONG_STATUS : (WIDTHS.get(name) ?? KINDS.get(kind) ?? ANY));
  const least = (columns: readonly Field[]) => columns.reduce((sum, column) => sum + width(column)[0] + GAP, 2 * GAP - GAP + CHOOSE + GAP);
  const narrow = size === 0;
  const note = rows.noted || !automatic.some(isOutput);
  // A label says more than an id.
  const named = rows.labelled || rows.tasks.size > 1;
  const by = (names: readonly string[]) => ["run", named && "label", "status", rows.progressed && "progress", "time", ...names, note && "note"].filter((name) => name !== false);
  // Why a run failed stands where its outputs would: at the end.
  const ordered = [...automatic.filter((name) => !isOutput(name)), ...automatic.filter(isOutput)];
  let columns = (chosen ?? by(ordered)).map(field);
  if (!chosen && !narrow) {
    const room = STEPS[size - 1] ?? 0;
    // What says least goes first: the id beside a label, then fields from the end.
    const spare = [...(named ? ["run"] : []), ...[...automatic].reverse(), "progress"];
    for (const name of spare) if (least(columns) > room) columns = columns.filter((column) => column.name !== name);
  } else if (!chosen && named) columns = columns.filter(({ name }) => name !== "run");
  return {
    columns,
    widths: columns.map((column) => width(column)).map(([px, share]) => (share ? `minmax(${px}px, ${share}fr)` : `${px}px`)).join(" "),
    least: narrow ? 0 : least(columns),
    narrow,
  };
}
