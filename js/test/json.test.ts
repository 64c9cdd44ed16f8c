import fc from "fast-check";
import { expect, test } from "vitest";
import { preview } from "../src/ui/json.js";
import { ENTRY_STEP, rowsOf } from "../src/ui/rows.js";

const line = (value: unknown, budget?: number) => preview(value, budget)[0].map(([, text]) => text).join("");
const nothing = { open: new Map<string, boolean>(), limits: new Map<string, number>() };

test.each([
  [{ r2: 0.8713, lag: 3 }, "{ r2: 0.8713, lag: 3 }"],
  [[1, "a", null, true], '[1, "a", null, true]'],
  [{}, "{}"],
  [[], "[]"],
  ["a\nb", '"a\\nb"'],
  [[[[[[1]]]]], "[[[[[…]]]]]"],
])("%j on a line is %s", (value, text) => expect(line(value)).toBe(text));

test("a line stays short and cheap however big the value is", () => {
  const big = { rows: Array.from({ length: 1_000_000 }, (_, i) => i), text: "x".repeat(5_000_000) };
  const [tokens, complete] = preview(big);
  expect(complete).toBe(false);
  expect(tokens.map(([, text]) => text).join("").length).toBeLessThan(120);
});

test("a line of any JSON is bounded", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => void expect(line(value, 40).length).toBeLessThan(200)));
});

test("rows: a big array shows its beginning and how much more there is", () => {
  const rows = rowsOf(Array.from({ length: 2361 }, (_, i) => i), nothing);
  expect(rows).toHaveLength(ENTRY_STEP + 1);
  expect(rows.at(-1)).toMatchObject({ kind: "more", rest: 2341 });
});

test("rows: keys that look like paths do not collide", () => {
  const rows = rowsOf({ "a/b": { c: 1 }, a: { "b/c": 2 } }, { ...nothing, open: new Map([["/a~1b", true]]) });
  expect(new Set(rows.map((row) => row.path)).size).toBe(rows.length);
  expect(rows.map((row) => (row.kind === "more" ? "" : row.name))).toEqual(["a/b", "c", "a"]);
});

test("rows: any JSON, all open, has a row for each path and no path twice", () => {
  fc.assert(
    fc.property(fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
      const all = { ...nothing, open: new Proxy(new Map<string, boolean>(), { get: (_, key) => (key === "get" ? () => true : undefined) }) };
      const paths = rowsOf(value, all).map((row) => row.path);
      expect(new Set(paths).size).toBe(paths.length);
    }),
  );
});
