import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Rows drawn beyond each edge, so that a quick scroll finds them there. */
const BEYOND = 8;

export interface Span {
  /** on the element that scrolls */
  box: { current: HTMLDivElement | null };
  onScroll: () => void;
  /** the row at the top */
  at: number;
  /** the rows to draw are `first..last - 1` */
  first: number;
  last: number;
  /** Scroll as little as needed to bring row `index` into sight. */
  reveal: (index: number) => void;
}

interface Shape {
  count: number;
  /** height of a row, in px; all are alike */
  height: number;
  /** height of the part of the box in which rows are seen, in px */
  room: number;
  /** height of a head that stays at the top of the box, in px */
  head: number;
}

/**
 * Draws only the rows in sight of a long list, each of which has the same height.
 *
 * The box holds a head that sticks, then a room of `count * height` px in which every row has its
 * place. Its size is known beforehand, so that nothing is ever measured while rows change.
 */
export function useVirtual({ count, height, room, head }: Shape): Span {
  const box = useRef<HTMLDivElement | null>(null);
  const [top, setTop] = useState(0);
  const last = Math.max(0, count - 1);
  // A list that got shorter: the browser scrolls back, but only after this drawing.
  const at = Math.min(top, Math.max(0, count - Math.floor(room / height)));
  useLayoutEffect(() => {
    // Another height of rows keeps the same row at the top.
    if (box.current && top > 0) box.current.scrollTop = at * height;
  }, [height]);
  return {
    box,
    onScroll: () => setTop(Math.floor((box.current?.scrollTop ?? 0) / height)),
    at,
    first: Math.max(0, at - BEYOND),
    last: Math.min(count, at + Math.ceil(room / height) + 1 + BEYOND),
    reveal(index) {
      const el = box.current;
      if (!el) return;
      const start = Math.min(Math.max(index, 0), last) * height;
      const seen = (el.clientHeight || room + head) - head;
      const to = Math.min(start, Math.max(el.scrollTop, start + height - seen));
      if (to === el.scrollTop) return;
      el.scrollTop = to;
      setTop(Math.floor(to / height));
    },
  };
}
