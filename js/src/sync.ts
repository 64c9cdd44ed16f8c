/**
 * Staying in step with the kernel, without any I/O.
 *
 * The comm channel loses, repeats and delays messages, so each carries the number of the state it
 * leads to. Invariants (test/sync.test.ts):
 *   numbered      `have` never goes back, and a patch applies only on the state it was made from;
 *   noticed       a state newer than ours that we heard of, in any message, leaves us `behind`;
 *   whole         a saved snapshot may be shortened, so only one from a live kernel is trusted.
 */
export interface Sync {
  /** The number of the state we show; null before the first. A saved one may lie between two: no patch fits on it. */
  readonly have: number | null;
  /** The highest number we heard of. */
  readonly newest: number;
  /** Whether what we show goes back to a full snapshot, not a saved, shortened one. */
  readonly whole: boolean;
}

export type Fields = Readonly<Record<string, unknown>>;
export type Update =
  | { kind: "saved"; seq: number; state: Fields }
  | { kind: "snapshot"; seq: number; state: Fields }
  | { kind: "patch"; seq: number; set?: Fields; append?: Fields; merge?: Fields }
  | { kind: "beat"; seq: number };

export const start: Sync = { have: null, newest: -1, whole: false };

/** The next position, and whether the update is to be applied to the state. */
export function receive(sync: Sync, update: Update): [next: Sync, applies: boolean] {
  const { seq } = update;
  const newest = Math.max(sync.newest, seq);
  const older = sync.have !== null && seq < sync.have;
  switch (update.kind) {
    case "snapshot":
      return older ? [{ ...sync, newest }, false] : [{ have: seq, newest, whole: true }, true];
    case "saved":
      return older || seq === sync.have
        ? [{ ...sync, newest }, false]
        : [{ have: seq, newest, whole: false }, true];
    case "patch":
      return sync.have !== null && seq === sync.have + 1
        ? [{ ...sync, have: seq, newest }, true]
        : [{ ...sync, newest }, false];
    case "beat":
      return [{ ...sync, newest }, false];
  }
}

/** Whether the kernel has something that we have not. */
export function behind(sync: Sync): boolean {
  return !sync.whole || sync.have === null || sync.have < sync.newest;
}

/** An update if `message` is one. Messages of other kinds, and broken ones, give null. */
export function asUpdate(message: unknown): Update | null {
  if (!isFields(message) || typeof message["seq"] !== "number") return null;
  const { kind, seq } = message;
  if (kind === "beat") return { kind, seq };
  if (kind === "snapshot") return isFields(message["state"]) ? { kind, seq, state: message["state"] } : null;
  if (kind !== "patch") return null;
  return {
    kind,
    seq,
    ...(isFields(message["set"]) && { set: message["set"] }),
    ...(isFields(message["append"]) && { append: message["append"] }),
    ...(isFields(message["merge"]) && { merge: message["merge"] }),
  };
}

/** How much of the end of a list is kept, here and in the kernel (widgets/pending.py). */
export const LIST_KEPT = 2000;

/** A text or list with `more` at its end. What was of another type begins anew. */
export function appended(old: unknown, more: unknown): unknown {
  if (Array.isArray(more)) return [...(Array.isArray(old) ? old : []), ...more].slice(-LIST_KEPT);
  // The engine joins long texts only when somebody looks at the whole, so this costs the same always.
  return typeof old === "string" ? old + String(more) : String(more);
}

/** Put the fields of `more` into an object that has no prototype; null takes a field away. */
export function merge(into: Record<string, unknown>, more: Fields): Fields {
  for (const key of Object.keys(more)) {
    if (more[key] === null) delete into[key];
    else into[key] = more[key];
  }
  return into;
}

export function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
