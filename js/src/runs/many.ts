import { useState } from "preact/hooks";
import type { Store } from "../transport.js";
import { useAction } from "../ui/action.js";
import { type Rows, isOver } from "./rows.js";
import type { RunsState } from "./state.js";

export interface Many {
  /** asked to stop, and not over yet */
  readonly canceling: ReadonlySet<string>;
  readonly pending: boolean;
  readonly slow: boolean;
  readonly error: string | null;
  readonly cancel: (ids: readonly string[]) => void;
  readonly replay: (ids: readonly string[]) => void;
}

/** What can be done with the chosen runs. Those that were asked to stop say so until they have. */
export function useMany(store: Store<RunsState>, rows: Rows): Many {
  const cancel = useAction(store, "cancel");
  const replay = useAction(store, "replay");
  const [asked, ask] = useState<ReadonlySet<string>>(new Set());
  const open = [...asked].filter((id) => {
    const row = rows.byId.get(id);
    return row && !isOver(row);
  });
  return {
    canceling: open.length === asked.size ? asked : new Set(open),
    pending: cancel.pending || replay.pending,
    slow: cancel.slow || replay.slow,
    error: cancel.error ? `Not canceled: ${cancel.error}` : replay.error ? `Not replayed: ${replay.error}` : null,
    cancel(ids) {
      if (cancel.pending) return;
      ask(new Set([...open, ...ids]));
      void cancel.run({ ids: [...ids] }).then((done) => {
        if (!done) ask((was) => new Set([...was].filter((id) => !ids.includes(id))));
      });
    },
    replay: (ids) => void replay.run({ ids: [...ids] }),
  };
}
