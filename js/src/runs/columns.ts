import type { Column } from "./rows.js";

/** The heights, in px, that the style sheet says too. */
export const HEAD = 30;
export const LINE = 33;
export const TWO_LINES = 52;

export const WORDS: Record<Column, string> = { run: "Run", label: "Label", status: "Status", progress: "Progress", time: "Time", note: "Note" };

/** Rows in sight before one scrolls. */
export const SHORT = { wide: 10, narrow: 7 };
export const TALL = { wide: 24, narrow: 16 };

/** The height in px of the part where the rows are. */
export function roomOf(rows: number, narrow: boolean, tall: boolean): number {
  const most = (tall ? TALL : SHORT)[narrow ? "narrow" : "wide"];
  return Math.min(Math.max(rows, 1), most) * (narrow ? TWO_LINES : LINE);
}

/** Widths in px from which there is room for more. */
export const STEPS = [520, 780];

const WIDTHS: Record<Column, string> = {
  run: "124px",
  label: "minmax(64px, 1.1fr)",
  status: "158px",
  progress: "112px",
  time: "86px",
  note: "minmax(48px, 1.7fr)",
};

export interface Layout {
  readonly columns: readonly Column[];
  /** for `grid-template-columns`, without the column to select */
  readonly widths: string;
  /** a row is two lines */
  readonly narrow: boolean;
}

/** Which columns there is room for. `size` counts the steps reached; a label says more than an id. */
export function layoutOf(size: number, labelled: boolean): Layout {
  const name: Column[] = labelled ? ["label"] : ["run"];
  const columns: Column[] =
    size === 0
      ? [...name, "status", "time", "note"]
      : [...(size > 1 && labelled ? (["run", "label"] as const) : name), "status", "progress", "time", "note"];
  const width = (column: Column) => (size === 1 && column === "status" ? "140px" : size === 1 && column === "progress" ? "76px" : WIDTHS[column]);
  return { columns, widths: columns.map(width).join(" "), narrow: size === 0 };
}
