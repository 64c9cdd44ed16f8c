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

/** A choice is told at once; of those that follow it in quick succession, the last in so many ms. */
const PAUSE_MS = 150;
const NONE: ReadonlySet<string> = new Set();

/** Which rows are chosen: here at once, and in the kernel, where `selected` says so. */
export function useSelection(store: Store<RunsState>, shown: readonly Row[], has: (id: string) => boolean): Selection {
  const [chosen, choose] = useState(NONE);
  const anchor = useRef<string | null>(null);
  const told = store.field("selected");
  // What the kernel tells is what was chosen here a moment ago, or what somebody else chose.
  const adopt = () => {
    const ids = told.peek();
    if (!teller.isQuiet || !Array.isArray(ids)) return;
    choose((was) => (was.size === ids.length && ids.every((id) => was.has(id)) ? was : new Set(ids.map(String))));
  };
  const teller = useMemo(() => new Teller((ids) => store.latest("select", { ids: [...ids] }), adopt), [store]);
  useEffect(adopt, [told.value]);
  useEffect(() => () => teller.hurry(), [teller]);
  const set = (make: (was: ReadonlySet<string>) => ReadonlySet<string>) =>
    choose((was) => {
      const next = make(was);
      teller.tell(next);
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

/** Tells the kernel what is chosen, and knows whether it has heard all of it. */
class Teller {
  readonly #send: (ids: ReadonlySet<string>) => Promise<unknown>;
  readonly #settled: () => void;
  #next: ReadonlySet<string> | undefined;
  #unanswered = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (ids: ReadonlySet<string>) => Promise<unknown>, settled: () => void) {
    this.#send = send;
    this.#settled = settled;
  }

  get isQuiet(): boolean {
    return this.#unanswered === 0 && this.#next === undefined;
  }

  tell(ids: ReadonlySet<string>): void {
    this.#next = ids;
    if (this.#pause === undefined) this.hurry();
  }

  /** Tell what waits now. */
  hurry(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    const ids = this.#next;
    if (ids === undefined) return;
    this.#next = undefined;
    this.#pause = setTimeout(() => this.hurry(), PAUSE_MS);
    this.#unanswered++;
    void this.#send(ids).then(() => {
      this.#unanswered--;
      this.#settled();
    });
  }
}
