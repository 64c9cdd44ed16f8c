import { useState } from "preact/hooks";
import type { Store } from "../transport.js";
import { useAction } from "../ui/action.js";
import { type Rows, isOver } from "./rows.js";
import type { RunsState } from "./state.js";

export interface Canceling {
  /** asked for, and not over yet */
  readonly ids: ReadonlySet<string>;
  readonly pending: boolean;
  readonly slow: boolean;
  readonly error: string | null;
  readonly run: (ids: readonly string[]) => void;
}

/** Runs that were asked to stop say so until they have. */
export function useCanceling(store: Store<RunsState>, rows: Rows): Canceling {
  const { pending, slow, error, run } = useAction(store, "cancel");
  const [asked, ask] = useState<ReadonlySet<string>>(new Set());
  const open = [...asked].filter((id) => {
    const row = rows.byId.get(id);
    return row && !isOver(row);
  });
  return {
    ids: open.length === asked.size ? asked : new Set(open),
    pending,
    slow,
    error,
    run(ids) {
      if (pending) return;
      ask(new Set([...open, ...ids]));
      void run({ ids: [...ids] }).then((done) => {
        if (!done) ask((was) => new Set([...was].filter((id) => !ids.includes(id))));
      });
    },
  };
}
