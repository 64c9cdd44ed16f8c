import { useLayoutEffect, useState } from "preact/hooks";
import { isFields } from "../sync.js";
import type { Store } from "../transport.js";
import { Rows } from "./rows.js";
import type { RunsState } from "./state.js";

export interface Live {
  readonly rows: Rows;
  /** another number when any row is another */
  readonly seen: number;
  /** another number when which rows there are, and in which order, is to be found anew */
  readonly settled: number;
}

/** Rows that change move at most this often, so that they can be read and hit; new ones come at once. */
const SETTLE_MS = 1000;

/** The rows as the kernel tells of them: taken once a frame, whatever came since the last. */
export function useLive(store: Store<RunsState>): Live {
  const [live, show] = useState<Live>(() => ({ rows: new Rows(), seen: 0, settled: 0 }));
  useLayoutEffect(() => {
    const { rows } = live;
    let anew = false;
    // By id: a page that is not looked at gets no frames, and must not keep each message for later.
    let waiting = new Map<string, unknown>();
    let frame = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = (now: boolean) =>
      show((was) => ({ rows, seen: was.seen + 1, settled: was.settled + Number(now) }));
    const take = () => {
      frame = 0;
      const other = rows.take(waiting, anew);
      waiting = new Map();
      anew = false;
      settle(other);
      if (!other) {
        timer ??= setTimeout(() => {
          timer = undefined;
          settle(true);
        }, SETTLE_MS);
      }
    };
    const unfollow = store.follow("rows", (value, whole) => {
      const told = isFields(value) ? value : {};
      if (whole) {
        waiting = new Map();
        anew = true;
      }
      for (const id of Object.keys(told)) waiting.set(id, told[id]);
      frame ||= requestAnimationFrame(take);
    });
    cancelAnimationFrame(frame);
    take();
    return () => {
      unfollow();
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [store]);
  return live;
}
