/** A tree as the flat list of rows that are in sight: what is drawn, and what the keys walk. */
import { type Json, entries, isBranch, preview, size } from "./json.js";

export interface Choices {
  /** what the reader opened or closed, by path */
  readonly open: ReadonlyMap<string, boolean>;
  /** how many entries or characters are shown, by path, when not the first step */
  readonly limits: ReadonlyMap<string, number>;
}

interface Common {
  readonly path: string;
  readonly parent: string;
  readonly level: number;
}
export type Row =
  | (Common & { kind: "leaf"; name: string; value: Json })
  | (Common & { kind: "branch"; name: string; value: object; open: boolean })
  /** stands for the entries not shown of the branch `parent` */
  | (Common & { kind: "more"; rest: number; next: number });

export const ENTRY_STEP = 20;
const MAX_LEVEL = 64;

/** A path is a JSON pointer (RFC 6901). */
const step = (key: string): string => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;

export function rowsOf(root: object, { open, limits }: Choices): Row[] {
  const rows: Row[] = [];
  const walk = (node: object, path: string, level: number): void => {
    const limit = limits.get(path) ?? ENTRY_STEP;
    const total = size(node);
    for (const [name, value] of entries(node, limit)) {
      const at: Common = { path: path + step(name), parent: path, level };
      if (!isBranch(value) || size(value) === 0) {
        rows.push({ ...at, kind: "leaf", name, value });
        continue;
      }
      const isOpen = level < MAX_LEVEL && (open.get(at.path) ?? opensByItself(value, level));
      rows.push({ ...at, kind: "branch", name, value, open: isOpen });
      if (isOpen) walk(value, at.path, level + 1);
    }
    if (total > limit) {
      // Big lists grow faster the more one asks: 20, 80, 320 …
      rows.push({ path: `${path}~more`, parent: path, level, kind: "more", rest: total - limit, next: limit * 4 });
    }
  };
  walk(root, "", 1);
  return rows;
}

/** What does not fit on a line but is short opens at once, on the first level. */
function opensByItself(value: object, level: number): boolean {
  return level === 1 && size(value) <= 8 && !preview(value)[1];
}
