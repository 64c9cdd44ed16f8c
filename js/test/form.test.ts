import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parseJson } from "../src/form/fault.js";
import { draftOf, payloadOf, placed } from "../src/form/draft.js";
import { fromLocal, toLocal } from "../src/form/moment.js";
import { fieldsOf } from "../src/form/schema.js";
import { liveModel } from "./fake-model.js";
import { actions, button, clear, click, patch, show, showLive, text } from "./stage.js";
import { SCHEMA, WIDE } from "./trigger-scenes.js";
import { T, scene, modelOf, showScene, pass, at, box, write, about, payloads, answer } from "./trigger-stage.js";

beforeEach(() => void vi.useFakeTimers({ now: T }));
afterEach(() => {
  clear();
  vi.useRealTimers();
});

describe("the text", () => {
  test("is sent as a value", async () => {
    const model = modelOf("json");
    const el = await show(model);
    await write(box(el), '[1, {"a": null}]');
    await click(button(el, "Run"));
    expect(actions(model)).toMatchObject([{ name: "submit", args: { payload: [1, { a: null }] } }]);
    expect(text(button(el, "Starting"))).toBe("Starting");
  });

  test("that is no JSON is not sent; it says where and why, with the focus there", async () => {
    const model = modelOf("json");
    const el = await show(model);
    await write(box(el), '{\n  "a": True\n}');
    await click(button(el, "Run"));
    await pass(0);
    expect(payloads(model)).toEqual([]);
    expect(about(box(el))).toBe("Line 2, column 8: Write true, not True.");
    expect([document.activeElement, box(el).selectionStart]).toEqual([box(el), 9]);
    await write(box(el), '{"a": true}');
    expect(about(box(el))).toBe("");
    await click(button(el, "Run"));
    expect(payloads(model)).toEqual([{ a: true }]);
  });

  test("is looked at after a pause, not at each key", async () => {
    const el = await showScene("json");
    await write(box(el), "{");
    expect(about(box(el))).toBe("");
    await pass(1000);
    expect(about(box(el))).toBe("Line 1, column 2: A } is missing at the end.");
  });
});

describe("what is wrong with a text", () => {
  test.each([
    ["", 1, 1, "Write a JSON value here, for example {}."],
    ["{'a': 1}", 1, 2, "JSON takes double quotes: write \"…\" instead of '…'."],
    ["{a: 1}", 1, 2, 'A name needs double quotes: "a".'],
    ['{"a": 1,}', 1, 8, "There is a comma too many before }."],
    ["[1,\n 2,\n]", 2, 3, "There is a comma too many before ]."],
    ['{"a": 1 "b": 2}', 1, 9, "A comma or } is missing before this."],
    ['{"a" 1}', 1, 6, "A colon is missing before this."],
    ['{"a": None}', 1, 7, "Write null, not None."],
    ["[NaN]", 1, 2, "JSON has no NaN: write null."],
    ["[north]", 1, 2, 'Text needs double quotes: "north".'],
    ["[.5]", 1, 2, "A value is missing before this."],
    ["[01]", 1, 2, "This number is not written as JSON has it."],
    ['"C:\\dir"', 1, 4, "A backslash is written twice: \\\\."],
    ['"abc', 1, 1, "This text has no closing quote on its line."],
    ["{} {}", 1, 4, "Only one value can be sent, and it ends before this."],
    ["[1", 1, 1, "This [ is never closed."],
    ["# x", 1, 1, "JSON has no comments."],
    ["[".repeat(100_000), 1, 502, "This is nested too deep."],
  ])("%j", (given, line, column, message) => {
    expect(parseJson(given)).toMatchObject({ ok: false, fault: { line, column, message } });
  });
});

describe("the form", () => {
  test("begins with the payload and the defaults, and makes the payload", async () => {
    const model = modelOf("form");
    const el = await show(model);
    expect([at(el, "/name").value, at(el, "/epochs").value, at(el, "/early_stopping").checked]).toEqual(["north-west, Q3", "20", true]);
    await write(at(el, "/epochs"), "7");
    await write(at(el, "/optimizer"), "1", "change");
    await write(at(el, "/features"), "a b\nc, d");
    await write(at(el, "/window/start"), "2026-08-01");
    await click(at(el, "/early_stopping"));
    await click(button(el, "Run"));
    expect(payloads(model)).toEqual([
      {
        name: "north-west, Q3", epochs: 7, learning_rate: 0.001, optimizer: "sgd", early_stopping: false,
        features: ["a b", "c, d"], window: { start: "2026-08-01", days: 90 }, weights: { north: 1.5 },
      },
    ]);
  });

  test("says what is missing at the field, with the focus on the first, until it is right", async () => {
    const model = modelOf("form, empty");
    const el = await show(model);
    await write(at(el, "/epochs"), "0");
    await write(at(el, "/weights"), "{x}");
    await click(button(el, "Run"));
    await pass(0);
    expect(payloads(model)).toEqual([]);
    expect(["/name", "/epochs", "/window/start", "/weights"].map((pointer) => about(at(el, pointer)))).toEqual([
      "This is needed.", "It must be at least 1.", "This is needed.", 'Line 1, column 2: A name needs double quotes: "x".',
    ]);
    expect(document.activeElement).toBe(at(el, "/name"));
    await write(at(el, "/epochs"), "1");
    expect([about(at(el, "/epochs")), at(el, "/epochs").hasAttribute("aria-invalid")]).toEqual(["1 to 500", false]);
  });

  test("shows what the kernel finds wrong where it is, until that is changed", async () => {
    const model = modelOf("form");
    const el = await show(model);
    await click(button(el, "Run"));
    await patch(model, 2, { set: { problem: scene("form, refused").state.problem } });
    await answer(model, { ok: false, error: "not valid" });
    expect(about(at(el, "/features"))).toBe("“supply” is no column");
    expect(document.activeElement).toBe(at(el, "/epochs"));
    await write(at(el, "/features"), "rate");
    expect(about(at(el, "/features"))).toBe("");
    expect(about(at(el, "/epochs"))).toBe("Input should be less than or equal to 100");
    await patch(model, 3, { set: { problem: null } });
    expect(about(at(el, "/epochs"))).toBe("1 to 500");
  });

  test("takes the focus from nobody when it only comes", async () => {
    await showScene("form, refused");
    await pass(100);
    expect(document.activeElement).toBe(document.body);
  });

  test("turns into text and back with what was written", async () => {
    const model = modelOf("form");
    const el = await show(model);
    await write(at(el, "/epochs"), "7");
    await click(button(el, "JSON"));
    expect(JSON.parse(box(el).value)).toMatchObject({ epochs: 7, window: { start: "2026-07-01", days: 90 } });
    await write(box(el), "{");
    await click(button(el, "Form"));
    expect(about(box(el))).toContain("Line 1, column 2");
    await write(box(el), '{"name": "x", "epochs": 9, "window": {"start": "2026-01-01"}}');
    await click(button(el, "Form"));
    expect([at(el, "/name").value, at(el, "/epochs").value]).toEqual(["x", "9"]);
  });

  test("keeps what was written while the state moves", async () => {
    const model = modelOf("form");
    const el = await show(model);
    await write(at(el, "/epochs"), "7");
    await patch(model, 2, { set: { submitting: true, runs: [{ id: "run_1", created_at: T }] } });
    await patch(model, 3, { set: { submitting: false } });
    expect(at(el, "/epochs").value).toBe("7");
  });
});

describe("a schema", () => {
  const one = (schema: object, required = true) => fieldsOf({ type: "object", properties: { x: schema }, ...(required && { required: ["x"] }) })?.[0] ?? expect.fail();
  const make = (schema: object, raw: string | boolean, required = true) => {
    const { payload, problems } = payloadOf([one(schema, required)], { "/x": raw });
    return problems["/x"] ?? payload;
  };

  test.each<[kind: string, schema: object]>([
    ["string", { type: "string" }],
    ["integer", { anyOf: [{ type: "integer" }, { type: "null" }] }],
    ["number", { type: ["number", "null"] }],
    ["enum", { enum: ["a", "b"], type: "string" }],
    ["const", { const: "a" }],
    ["enum", { anyOf: [{ const: "a" }, { type: "null" }] }],
    ["enum", { anyOf: [{ const: "a" }, { enum: ["b", 3] }] }],
    ["list", { type: "array", items: { type: "number" } }],
    ["list", { type: "array", items: { enum: ["a", "b"] } }],
    ["group", { type: "object", properties: { y: { type: "string" } } }],
    ["json", { type: "object", additionalProperties: true }],
    ["choice", { anyOf: [{ type: "integer" }, { type: "string" }] }],
    ["choice", { type: ["integer", "string", "null"] }],
    ["rows", { type: "array", items: { type: "object", properties: { y: {} } } }],
    ["rows", { type: "array", items: { anyOf: [{ type: "string" }, { type: "null" }] } }],
    ["json", { type: "array", items: { type: "object" } }],
    ["json", { type: "array" }],
    ["group", { anyOf: [{ type: "object", properties: { y: {} } }, { type: "null" }] }],
    ["json", { $ref: "#/$defs/nowhere" }],
    ["json", { $ref: "https://example.org/schema" }],
    ["json", {}],
  ])("%s for %j", (kind, schema) => expect(one(schema).kind).toBe(kind));

  test("of nothing to fill in has no form", () => {
    for (const schema of [null, "x", {}, { type: "string" }, { type: "object", properties: {} }, { $ref: "#" }]) expect(fieldsOf(schema)).toBeNull();
  });

  test("that contains itself ends", () => {
    const schema = { $defs: { Node: { type: "object", properties: { next: { $ref: "#/$defs/Node" } } } }, $ref: "#/$defs/Node" };
    const group = (fields: unknown[]) => ({ kind: "group", fields });
    expect(fieldsOf(schema)?.[0]).toMatchObject(group([group([group([group([{ kind: "json" }])])])]));
  });

  test.each<[schema: object, raw: string | boolean, required: boolean, result: unknown]>([
    [{ type: "string" }, " a ", true, { x: " a " }],
    [{ type: "string" }, "", true, "This is needed."],
    [{ type: "string" }, "", false, {}],
    [{ type: "string", default: "a" }, "", false, { x: "" }],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, "", true, { x: null }],
    [{ anyOf: [{ type: "string" }, { type: "null" }], default: null }, "", false, {}],
    [{ anyOf: [{ type: "integer" }, { type: "null" }], default: 3 }, "", false, { x: null }],
    [{ type: "integer", default: 3 }, "", false, {}],
    [{ type: "integer" }, "1.5", true, "Write a whole number."],
    [{ type: "integer" }, "1e3", true, { x: 1000 }],
    [{ type: "integer" }, "90071992547409931", true, "This number is too large for a form: pass it from Python."],
    [{ type: "number", minimum: 1, maximum: 2 }, "2.5", true, "It must be at most 2."],
    [{ type: "number", exclusiveMaximum: 2 }, "2", true, "It must be less than 2."],
    [{ type: "number", multipleOf: 0.1 }, "0.3", true, { x: 0.3 }],
    [{ type: "number" }, "0x10", true, "Write a number, with a point for decimals."],
    [{ type: "string", maxLength: 2 }, "abc", true, "Write at most 2 characters; these are 3."],
    [{ type: "array", items: { type: "integer" } }, "1, 2,, 3 ", true, { x: [1, 2, 3] }],
    [{ type: "array", items: { type: "integer" } }, "1, b", true, "“b” (number 2): Write a whole number."],
    [{ type: "array", items: { enum: ["a", 1] } }, "a, 1", true, { x: ["a", 1] }],
    [{ type: "array", items: { enum: ["a"] } }, "c", true, "“c” is none of a."],
    [{ type: "array", items: { type: "string" }, minItems: 1 }, "", true, "Give at least 1."],
    [{ type: "boolean" }, false, true, { x: false }],
    [{ anyOf: [{ type: "boolean" }, { type: "null" }] }, "1", true, { x: false }],
    [{ enum: [1, "1"] }, "0", true, { x: 1 }],
    [{ const: "a" }, "", true, { x: "a" }],
    [{ type: "string", pattern: "^[A-Z]{3}$" }, "abc", true, "It must match ^[A-Z]{3}$"],
    [{ type: "string", pattern: "(?P<only>python)" }, "abc", true, { x: "abc" }],
    [{ type: "string", format: "email" }, "ana", true, "Write an address like ana@example.org."],
    [{ type: "string", format: "uri" }, "https://a.b", true, { x: "https://a.b" }],
  ])("%j with %j", (schema, raw, required, result) => expect(make(schema, raw, required)).toEqual(result));

  test("as pydantic writes it gives its defaults back", () => {
    const fields = fieldsOf(SCHEMA) ?? expect.fail();
    const payload = { name: "n", epochs: 3, learning_rate: 0.5, optimizer: "lion", seed: 7, early_stopping: false, features: ["a, b", "c"], window: { start: "2026-01-01", days: 2 }, notes: "x", weights: { a: 1 } };
    expect(payloadOf(fields, draftOf(fields, payload))).toEqual({ payload, problems: {} });
  });
});

describe("what is nested", () => {
  const fields = fieldsOf(WIDE) ?? expect.fail();
  const payload = {
    version: 2, when: "2026-11-24T08:00:00Z", code: "ABC", pet: { kind: "dog", tricks: ["roll"] }, size: "large",
    points: [{ x: 1 }, { x: 2, label: "end" }], origin: { x: 0, label: "home" },
  };

  test("gives back what it was given", () => {
    expect(payloadOf(fields, draftOf(fields, payload))).toEqual({ payload, problems: {} });
    const without = { ...payload, size: 3, pet: { kind: "cat", lives: 9 }, origin: null };
    expect(payloadOf(fields, draftOf(fields, without))).toEqual({ payload: without, problems: {} });
  });

  test("has its mistakes where they are, also those of a kind of a union", () => {
    const draft = draftOf(fields, payload);
    expect(placed(fields, draft, { "/pet/Dog/tricks/0": "a", "/points/1/x": "b", "/origin": "c", "/points/9/x": "d", "/nowhere": "e" })).toEqual({
      at: { "/pet/tricks": "a", "/points/1/x": "b", "/origin": "c", "/points": "d" },
      rest: ["nowhere: e"],
    });
  });

  test("is added to, taken from and made another kind, in the page", async () => {
    const model = liveModel({ task: "t", schema: WIDE, payload: JSON.stringify(payload), runs: [] }, "trigger");
    const el = await show(model);
    await click(button(el, "Add to Points"));
    await write(at(el, "/points/2/x"), "3");
    await click(el.querySelector<HTMLElement>('[aria-label="Remove 1 of Points"]') ?? expect.fail());
    expect([at(el, "/points/0/label").value, at(el, "/points/1/x").value]).toEqual(["end", "3"]);
    await write((el.querySelector('[aria-label="Kind of Pet"]') as HTMLInputElement | null) ?? expect.fail(), "0", "change");
    await write((el.querySelector('[aria-label="Kind of Size"]') as HTMLInputElement | null) ?? expect.fail(), "0", "change");
    await write(at(el, "/size"), "4");
    await click(at(el, "/origin"));
    await click(button(el, "Run"));
    expect(payloads(model)).toEqual([{ ...payload, pet: { kind: "cat", lives: 9 }, size: 4, points: [{ x: 2, label: "end" }, { x: 3 }], origin: null }]);
  });

  test("says at once, when a field is left, what is wrong in it", async () => {
    const el = await showLive({ task: "t", schema: WIDE, payload: JSON.stringify(payload), runs: [] }, "trigger");
    await write(at(el, "/code"), "abc");
    expect(about(at(el, "/code"))).toBe("Three capitals.");
    await act(() => void at(el, "/code").dispatchEvent(new FocusEvent("blur")));
    expect(about(at(el, "/code"))).toBe("It must match ^[A-Z]{3}$");
  });

  test("is checked in the text, too", async () => {
    const model = liveModel({ task: "t", schema: WIDE, payload: JSON.stringify(payload), runs: [] }, "trigger");
    const el = await show(model);
    await click(button(el, "JSON"));
    await write(box(el), JSON.stringify({ ...payload, points: [], code: undefined }));
    await click(button(el, "Run"));
    expect(payloads(model)).toEqual([]);
    expect(text(el.querySelector("[role=alert]"))).toBe("code: This is needed.points: Give at least 1.");
  });
});

describe("a moment", () => {
  test("is shown on the reader's clock and written with its zone, unless it had none", () => {
    const utc = new Date(2026, 10, 24, 8, 30).toISOString();
    expect([toLocal(utc), toLocal("2026-11-24T08:30:00"), toLocal("soon")]).toEqual(["2026-11-24T08:30", "2026-11-24T08:30:00", ""]);
    expect(fromLocal("2026-11-24T08:30", "2026-01-01T00:00")).toBe("2026-11-24T08:30");
    const written = fromLocal("2026-11-24T08:30", "");
    expect(written).toMatch(/^2026-11-24T08:30:00[+-]\d\d:\d\d$/);
    expect(new Date(written).toISOString()).toBe(utc);
  });
});

describe("a draft", () => {
  const state = { ...scene("form").state, name: "w1" };
  afterEach(() => sessionStorage.clear());

  test("outlives a reload of the page, and is gone when it is reset", async () => {
    const el = await showLive(state, "trigger");
    await write(at(el, "/epochs"), "7");
    clear();
    const again = await showLive(state, "trigger");
    expect(at(again, "/epochs").value).toBe("7");
    await click(button(again, "Reset"));
    expect(at(again, "/epochs").value).toBe("20");
    expect(sessionStorage).toHaveLength(0);
  });

  test("with a password in it is kept nowhere", async () => {
    const el = await showLive({ ...state, schema: { type: "object", properties: { key: { type: "string", format: "password" } } } }, "trigger");
    await write(at(el, "/key"), "hunter2");
    expect(at(el, "/key").type).toBe("password");
    expect(sessionStorage).toHaveLength(0);
  });

  test("is none when storage has nonsense, or is forbidden", async () => {
    sessionStorage.setItem("trigger-widgets-draft:w1", "{");
    expect(at(await showLive(state, "trigger"), "/epochs").value).toBe("20");
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new Error("quota");
    });
    const el = await showLive(state, "trigger");
    await write(at(el, "/epochs"), "7");
    expect(at(el, "/epochs").value).toBe("7");
  });
});
