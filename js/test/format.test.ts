import { describe, expect, test } from "vitest";
import * as format from "../src/format.js";

/** The narrow and the unbreakable spaces as plain ones. */
const plain = (text: string) => text.replaceAll(/[\u202f\u00a0]/g, " ");

describe("duration", () => {
  test.each([
    [-50, "<1 ms"],
    [0, "<1 ms"],
    [12, "12 ms"],
    [999.9, "999 ms"],
    [1000, "1.0 s"],
    [14_830, "14.8 s"],
    [59_949, "59.9 s"],
    [59_999, "0 m 59 s"],
    [125_400, "2 m 05 s"],
    [3_599_900, "59 m 59 s"],
    [3_840_000, "1 h 04 m"],
    [273_600_000, "3 d 04 h"],
  ])("%d ms is %s", (ms, text) => expect(plain(format.duration(ms))).toBe(text));
});

test("a clock that runs shows no milliseconds", () => {
  expect([0, 340, 14_830].map((ms) => plain(format.running(ms)))).toEqual(["0.0 s", "0.3 s", "14.8 s"]);
});

describe("percent", () => {
  test.each([
    [0, "0 %"],
    [0.29, "29 %"],
    [0.6294, "62 %"],
    [0.9999, "99 %"],
    [1, "100 %"],
    [1.7, "100 %"],
    [-1, "0 %"],
  ])("%d is %s, never 100 before the end", (fraction, text) => expect(plain(format.percent(fraction))).toBe(text));
});

describe("rate", () => {
  test.each([
    [41_834.2, "41,834/s"],
    [418, "418/s"],
    [41.83, "41.8/s"],
    [4.183, "4.18/s"],
    [0.4, "24/min"],
    [0.001, "3.6/h"],
    [0, ""],
    [Number.NaN, ""],
  ])("%d per second is %s", (perSecond, text) => expect(format.rate(perSecond)).toBe(text));
});

describe("eta", () => {
  test.each([
    [0.2, "almost done"],
    [8.1, "about 9 s left"],
    [41, "about 45 s left"],
    [312, "about 5 m 20 s left"],
    [4000, "about 1 h 07 m left"],
    [-1, ""],
    [Number.POSITIVE_INFINITY, ""],
  ])("%d s is %s", (seconds, text) => expect(plain(format.eta(seconds))).toBe(text));
});

test("counts have separators and few decimals", () => {
  expect(format.count(6204)).toBe("6,204");
  expect(format.count(0.333333)).toBe("0.33");
  expect(format.count(Number.NaN)).toBe("–");
});

test("cost keeps the digits that matter", () => {
  expect(format.cost(0.04)).toBe("$0.0004");
  expect(format.cost(50)).toBe("$0.50");
  expect(format.cost(120)).toBe("$1.20");
});

test("a clock names the day only when it is another one", () => {
  const noon = new Date(2026, 10, 23, 12, 3, 22).getTime();
  expect(format.clock(noon, noon)).toBe("12:03:22");
  expect(format.clock(noon, noon, false)).toBe("12:03");
  expect(format.clock(noon, noon + 86_400_000, false)).toBe("Nov 23, 12:03");
  expect(format.clock(noon, noon + 400 * 86_400_000, false)).toBe("Nov 23, 2026, 12:03");
});

test("an id keeps its kind and its ends", () => {
  expect(format.shortId("run_cm4k0a1b2c3d4e5f6x7q2")).toBe("run_cm4k…x7q2");
  expect(format.shortId("run_short")).toBe("run_short");
  expect(format.shortId("")).toBe("");
});
