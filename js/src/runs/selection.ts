import { useRef, useState } from "preact/hooks";
import { type Row, isOver } from "./rows.js";

export interface Selection {
  /** the chosen rows that can still be canceled, in the order of the table */
  readonly ids: ReadonlySet<string>;
  readonly toggle: (id: string) => void;
  /** Choose all from the row that was chosen last to this one. */
  readonly extend: (id: string) => void;
  readonly all: (on: boolean) => void;
}

interface Table {
  /** the rows as shown, with what they say now */
  shown: readonly Row[];
  now: (id: string) => Row | undefined;
}

/** Which rows are chosen. A run that is over can do nothing any more, so it leaves the choice. */
export function useSelection({ shown, now }: Table): Selection {
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const anchor = useRef<string | null>(null);
  const free = (id: string) => {
    const row = now(id);
    return row !== undefined && !isOver(row);
  };
  return {
    ids: chosen.size === 0 ? chosen : new Set([...chosen].filter(free)),
    toggle(id) {
      if (!free(id)) return;
      anchor.current = id;
      choose((was) => {
        const next = new Set(was);
        if (!next.delete(id)) next.add(id);
        return next;
      });
    },
    extend(id) {
      const to = shown.findIndex((row) => row.id === id);
      const from = shown.findIndex((row) => row.id === anchor.current);
      if (to < 0) return;
      if (from < 0) anchor.current = id;
      const [first, last] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
      const more = shown.slice(first, last + 1).filter((row) => free(row.id));
      choose((was) => new Set([...was, ...more.map((row) => row.id)]));
    },
    all(on) {
      anchor.current = null;
      choose(on ? new Set(shown.filter((row) => free(row.id)).map((row) => row.id)) : new Set());
    },
  };
}
