import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Store } from "../transport.js";
import type { Row } from "./rows.js";
import type { RunsState } from "./state.js";

export interface Selection {
  readonly ids: ReadonlySet<string>;
  readonly toggle: (id: string) => void;
  /** Choose all from the row that was chosen last to this one. */
  readonly extend: (id: string) => void;
  readonly all: (on: boolean) => void;
}

/** Runs of choosing are told to the kernel when they pause for this long. */
const PAUSE_MS = 150;
const NONE: ReadonlySet<string> = new Set();

/** Which rows are chosen: here at once, and in the kernel, where `selected` says so. */
export function useSelection(store: Store<RunsState>, shown: readonly Row[], has: (id: string) => boolean): Selection {
  const [chosen, choose] = useState(NONE);
  const anchor = useRef<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const told = store.field("selected").value;
  // What the kernel tells is what was chosen here a moment ago, or what somebody else chose.
  useEffect(() => {
    if (timer.current === undefined && Array.isArray(told)) choose((was) => (was.size === told.length && told.every((id) => was.has(id)) ? was : new Set(told.map(String))));
  }, [told]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const set = (make: (was: ReadonlySet<string>) => ReadonlySet<string>) =>
    choose((was) => {
      const next = make(was);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        timer.current = undefined;
        void store.act("select", { ids: [...next] });
      }, PAUSE_MS);
      return next;
    });
  const known = useMemo(() => (chosen.size === 0 ? NONE : new Set([...chosen].filter(has))), [chosen, shown]);
  return {
    ids: known,
    toggle(id) {
      anchor.current = id;
      set((was) => {
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
      set((was) => new Set([...was, ...shown.slice(first, last + 1).map((row) => row.id)]));
    },
    all(on) {
      anchor.current = null;
      set(() => (on ? new Set(shown.map((row) => row.id)) : NONE));
    },
  };
}
