import { useLayoutEffect, useState } from "preact/hooks";

/** Which of the `steps` (widths in px, ascending) `el` has reached: 0 is narrower than the first. */
export function useSize(el: { readonly current: HTMLElement | null }, steps: readonly number[]): number {
  const [size, resize] = useState(steps.length);
  useLayoutEffect(() => {
    const at = el.current;
    if (!at || typeof ResizeObserver !== "function") return;
    // 0 is an element that nobody sees, in a hidden tab or before it is put into the page.
    const look = (width: number) => width > 0 && resize(steps.filter((step) => width >= step).length);
    look(at.clientWidth);
    const observer = new ResizeObserver(([entry]) => entry && look(entry.contentRect.width));
    observer.observe(at);
    return () => observer.disconnect();
  }, []);
  return size;
}
