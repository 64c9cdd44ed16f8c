import { type ReadonlySignal, signal } from "../signals.js";

/** The time, for as long as somebody looks: one timer for all cards of a page. */
function ticking(everyMs: number): ReadonlySignal<number> {
  let timer: ReturnType<typeof setInterval> | undefined;
  const time = signal(Date.now(), {
    watched() {
      time.value = Date.now();
      timer = setInterval(() => (time.value = Date.now()), everyMs);
    },
    unwatched() {
      clearInterval(timer);
    },
  });
  return time;
}

export const tenths = ticking(100);
export const seconds = ticking(1000);

/** Whether the reader asked for less motion. */
export function calm(): boolean {
  return typeof matchMedia === "function" && matchMedia("(prefers-reduced-motion: reduce)").matches;
}
