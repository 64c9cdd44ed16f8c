/** Numbers and times as people read them. English words, so English separators too. */

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const three = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
const exact = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
/** A narrow space that does not break: "62 %". */
const NNBSP = "\u202f";
const NBSP = "\u00a0";

/** 6204 → "6,204"; 0.5 → "0.5". */
export function count(value: number): string {
  return Number.isFinite(value) ? exact.format(value) : "–";
}

/** 0.6294 → "62 %". Rounded down: nothing is 100 % before it is. */
export function percent(fraction: number): string {
  const clamped = Math.min(1, Math.max(0, fraction));
  // 0.29 * 100 is 28.999…; a tiny nudge keeps such numbers whole.
  return `${Math.floor(clamped * 100 + 1e-9)}${NNBSP}%`;
}

/** Per second → "418/s", "4.18/s", "12/min" when slow. */
export function rate(perSecond: number): string {
  if (!Number.isFinite(perSecond) || perSecond <= 0) return "";
  if (perSecond >= 100) return `${whole.format(perSecond)}/s`;
  if (perSecond >= 1) return `${perSecond.toFixed(perSecond >= 10 ? 1 : 2)}/s`;
  if (perSecond * 60 >= 1) return `${three.format(perSecond * 60)}/min`;
  return `${three.format(perSecond * 3600)}/h`;
}

/** Milliseconds → "12 ms", "14.8 s", "2 m 05 s", "1 h 04 m", "3 d 04 h". */
export function duration(ms: number): string {
  if (ms < 1) return `<1${NBSP}ms`;
  return ms < 1000 ? `${Math.floor(ms)}${NBSP}ms` : running(ms);
}

/** The same for a clock that runs: it has no time to read milliseconds. */
export function running(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 59.95) return `${(Math.floor(seconds * 10) / 10).toFixed(1)}${NBSP}s`;
  return long(Math.floor(seconds));
}

/** Seconds to go → "about 9 s left", in steps that do not flicker. */
export function eta(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 1) return "almost done";
  const step = seconds < 20 ? 1 : seconds < 60 ? 5 : seconds < 600 ? 10 : 60;
  const rounded = Math.ceil(seconds / step) * step;
  return `about ${rounded < 60 ? `${rounded}${NBSP}s` : long(rounded)} left`;
}

/** Time until something, in whole seconds: "4 m 12 s". */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return seconds < 60 ? `${seconds}${NBSP}s` : long(seconds);
}

function long(seconds: number): string {
  const [d, h, m, s] = [seconds / 86400, (seconds / 3600) % 24, (seconds / 60) % 60, seconds % 60].map(Math.floor) as [
    number, number, number, number,
  ];
  const pair = (a: number, unit: string, b: number, small: string) =>
    `${a}${NBSP}${unit} ${String(b).padStart(2, "0")}${NBSP}${small}`;
  if (d > 0) return pair(d, "d", h, "h");
  return h > 0 ? pair(h, "h", m, "m") : pair(m, "m", s, "s");
}

/** Epoch ms → "14:03:22" (or "14:03"), with the day when it is not `today`. */
export function clock(ms: number, today: number, seconds = true): string {
  const at = new Date(ms);
  const two = (n: number) => String(n).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}${seconds ? `:${two(at.getSeconds())}` : ""}`;
  const now = new Date(today);
  if (at.toDateString() === now.toDateString()) return time;
  const day = at.toLocaleDateString("en-US", {
    month: "short",
    day: "numeric",
    ...(at.getFullYear() !== now.getFullYear() && { year: "numeric" }),
  });
  return `${day}, ${time}`;
}

/** Cents → "$0.0004", "$1.20". */
export function cost(cents: number): string {
  const dollars = cents / 100;
  return `$${dollars >= 1 ? dollars.toFixed(2) : dollars.toFixed(6).replace(/(\.\d\d\d*?)0+$/, "$1")}`;
}

/** "run_cm4k0a1b2x7q2" → "run_cm4k…x7q2". */
export function shortId(id: string): string {
  const at = id.indexOf("_") + 1;
  return id.length - at <= 12 ? id : `${id.slice(0, at + 4)}…${id.slice(-4)}`;
}
