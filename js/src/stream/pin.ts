import { useEffect, useMemo, useRef, useState } from "preact/hooks";

/** How far from the end still counts as there, in px. */
const NEAR = 24;

export interface Pin {
  /** the box that scrolls */
  box: { current: HTMLDivElement | null };
  /** whether the newest is kept in sight */
  pinned: boolean;
  onScroll: () => void;
  /** the content grew */
  settle: () => void;
  /** go to the newest and stay there */
  jump: () => void;
}

/** Keeps the end of a box in sight until the reader scrolls up, and again once back at the end. */
export function usePin(): Pin {
  const box = useRef<HTMLDivElement>(null);
  const [pinned, setPinned] = useState(true);
  const wanted = useRef(true);
  const frame = useRef<number | undefined>(undefined);
  useEffect(() => () => frame.current !== undefined && cancelAnimationFrame(frame.current), []);
  const actions = useMemo(() => {
    let top = 0;
    const want = (on: boolean) => {
      wanted.current = on;
      setPinned(on);
    };
    const settle = () => {
      if (!wanted.current || frame.current !== undefined) return;
      frame.current = requestAnimationFrame(() => {
        frame.current = undefined;
        const at = box.current;
        if (!at || !wanted.current) return;
        at.scrollTop = at.scrollHeight;
        top = at.scrollTop;
      });
    };
    return {
      settle,
      jump() {
        want(true);
        settle();
        box.current?.focus({ preventScroll: true });
      },
      onScroll() {
        const at = box.current;
        if (!at) return;
        const left = at.scrollHeight - at.scrollTop - at.clientHeight;
        if (left <= NEAR) want(true);
        // Text that came since the last frame leaves a gap too; only the reader goes up.
        else if (at.scrollTop < top - 1) want(false);
        top = at.scrollTop;
      },
    };
  }, []);
  return { box, pinned, ...actions };
}
