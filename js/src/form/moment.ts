/** Moments as JSON has them, and as a browser's box for them does. */

const NO_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/** A moment on the clock of whoever looks; "" when it is none. */
export function toLocal(text: string): string {
  if (NO_ZONE.test(text)) return text.slice(0, 19);
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return "";
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace(/:00$/, "");
}

/** That clock's time with its zone, unless what was there before had none. */
export function fromLocal(local: string, before: string): string {
  const minutes = -new Date(local).getTimezoneOffset();
  if (NO_ZONE.test(before) || Number.isNaN(minutes)) return local;
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  return `${local}${local.length < 17 ? ":00" : ""}${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}
