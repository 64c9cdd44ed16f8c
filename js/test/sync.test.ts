import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIST_KEPT, appended, type Sync, type Update, asUpdate, behind, receive, start } from "../src/sync.js";

const at = (have: number, newest = have, whole = true): Sync => ({ have, newest, whole });
const snapshot = (seq: number): Update => ({ kind: "snapshot", seq, state: {} });
const patch = (seq: number): Update => ({ kind: "patch", seq, set: {} });
const saved = (seq: number): Update => ({ kind: "saved", seq, state: {} });
const beat = (seq: number): Update => ({ kind: "beat", seq });

describe("positions × updates", () => {
  test.each<[name: string, from: Sync, update: Update, to: Sync, applies: boolean]>([
    ["a first snapshot", start, snapshot(4), at(4), true],
    ["a first patch is a gap", start, patch(4), { have: null, newest: 4, whole: false }, false],
    ["a first beat", start, beat(4), { have: null, newest: 4, whole: false }, false],
    ["a saved state is shown, not trusted", start, saved(4), at(4, 4, false), true],
    ["the next patch", at(4), patch(5), at(5), true],
    ["the next patch on a saved state", at(4, 4, false), patch(5), at(5, 5, false), true],
    ["the next patch on a state saved between two numbers", at(3.5, 3.5, false), patch(4), at(3.5, 4, false), false],
    ["the patch after it", at(3.5, 4, false), patch(5), at(3.5, 5, false), false],
    ["a state saved between two numbers, of which we have the second", at(4), saved(3.5), at(4), false],
    ["a repeated patch", at(4), patch(4), at(4), false],
    ["an old patch", at(4), patch(2), at(4), false],
    ["a patch after a gap", at(4), patch(6), at(4, 6), false],
    ["a late patch that fills a gap", at(4, 6), patch(5), at(5, 6), true],
    ["a newer snapshot", at(4, 6), snapshot(6), at(6), true],
    ["a snapshot of what we have", at(4, 4, false), snapshot(4), at(4), true],
    ["an old snapshot", at(4), snapshot(3), at(4), false],
    ["an old snapshot does not make a saved state whole", at(4, 4, false), snapshot(3), at(4, 4, false), false],
    ["a newer saved state", at(4), saved(9), at(9, 9, false), true],
    ["a saved state we have already", at(4), saved(4), at(4), false],
    ["a beat of ours", at(4), beat(4), at(4), false],
    ["a beat ahead of us", at(4), beat(5), at(4, 5), false],
  ])("%s", (_name, from, update, to, applies) => expect(receive(from, update)).toEqual([to, applies]));
});

const anyUpdate = fc.oneof(
  fc.nat(30).map(snapshot),
  fc.nat(30).map(patch),
  fc.nat(60).map((half) => saved(half / 2)),
  fc.nat(30).map(beat),
);

test("numbered: `have` never goes back, and `newest` is never less than it", () => {
  fc.assert(
    fc.property(fc.array(anyUpdate), (updates) => {
      let sync = start;
      for (const update of updates) {
        const [next] = receive(sync, update);
        expect(next.have ?? -1).toBeGreaterThanOrEqual(sync.have ?? -1);
        expect(next.newest).toBeGreaterThanOrEqual(next.have ?? -1);
        sync = next;
      }
    }),
  );
});

test("noticed: after any update with a higher number than ours we are behind", () => {
  fc.assert(
    fc.property(fc.array(anyUpdate), (updates) => {
      let sync = start;
      let heard = -1;
      for (const update of updates) {
        [sync] = receive(sync, update);
        heard = Math.max(heard, update.seq);
        if ((sync.have ?? -1) < heard) expect(behind(sync)).toBe(true);
      }
    }),
  );
});

test.each([null, 3, "patch", [], {}, { kind: "patch" }, { kind: "snapshot", seq: 1 }, { kind: "reply", id: "x" }, { kind: "odd", seq: 1 }])(
  "%j is no update",
  (message) => expect(asUpdate(message)).toBeNull(),
);

test("a list that grows keeps its end, as in the kernel", () => {
  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  expect(appended(numbers(0, LIST_KEPT), numbers(LIST_KEPT, LIST_KEPT + 500))).toEqual(numbers(500, LIST_KEPT + 500));
  expect(appended("text", numbers(0, 3))).toEqual([0, 1, 2]);
});
