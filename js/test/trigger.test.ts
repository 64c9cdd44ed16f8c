import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeModel, liveModel } from "./fake-model.js";
import { CORPUS, actions, button, clear, click, expectInert, patch, show, showLive, text } from "./stage.js";
import { T, scene, modelOf, showScene, pass, at, box, write, payloads, answer, enter } from "./trigger-stage.js";

beforeEach(() => void vi.useFakeTimers({ now: T }));
afterEach(() => {
  clear();
  vi.useRealTimers();
});

describe("every state", () => {
  test.each<[name: string, ...words: string[]]>([
    ["json", "train-model", "Payload JSON", "Run"],
    ["json, running", "14:03:20", "14:02:09", "Use payload", "Executing", "24 %", "loss: 0.318"],
    ["json, starting", "Starting"],
    ["json, refused", "The payload does not fit", "samples: Input should be less than 5000", "Value error, north-west is closed"],
    ["form", "Name", "Shown in the dashboard.", "Epochs", "1 to 500", "more than 0", "Seed optional", "Window", "The days that are learned from.", "Form", "JSON"],
    ["form, refused", "Input should be less than or equal to 100", "“supply” is no column", "Date should be in the past", "nowhere: Extra inputs are not permitted"],
    ["form, running", "Executing"],
    ["fault", "refused the key"],
    ["offline, json", "The kernel does not answer"],
    ["form, wide", "Version", "Pet", "Dog", "Tricks", "Points", "Add", "Origin", "Where the walk begins."],
    ["child lost", "could not be shown: no such model"],
  ])("%s", async (name, ...words) => {
    const el = await showScene(name);
    await pass(0);
    for (const word of words) expect(text(el)).toContain(word);
    expect(text(el)).not.toMatch(/undefined|NaN|\[object/);
  });
});

describe("a press", () => {
  test("that comes twice starts one run, by button and by key", async () => {
    const model = modelOf("json");
    const el = await show(model);
    await click(button(el, "Run"));
    model.custom({ kind: "reply", id: actions(model)[0]?.["id"], ok: true });
    await pass(0);
    await click(button(el, "Run"));
    await act(() => void button(el, "Run").dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 2 })));
    expect(payloads(model)).toHaveLength(1);
    await pass(600);
    await enter(box(el), { ctrlKey: true });
    await enter(box(el), { ctrlKey: true, repeat: true });
    await enter(box(el), { metaKey: true });
    expect(payloads(model)).toHaveLength(2);
  });

  test("of Ctrl+Enter elsewhere, or Enter alone, or Shift+Enter is not ours", async () => {
    const model = modelOf("json");
    const el = await show(model);
    await enter(document.body, { ctrlKey: true });
    await enter(box(el), {});
    await enter(box(el), { shiftKey: true });
    expect(payloads(model)).toEqual([]);
  });

  test("does nothing while a run starts, nor without a kernel", async () => {
    for (const name of ["json, starting", "offline, json", "fault"]) {
      const model = modelOf(name);
      const el = scene(name).offline ? await showScene(name) : await show(model);
      await click(el.querySelector<HTMLElement>(".tw-primary") ?? expect.fail());
      expect(payloads(model)).toEqual([]);
    }
  });

  test("that is refused says why", async () => {
    const model = modelOf("json");
    const el = await show(model);
    await click(button(el, "Run"));
    await answer(model, { ok: false, error: "no server" });
    expect(text(el.querySelector("[role=alert]"))).toBe("Could not start the run: no server");
  });
});

describe("the options", () => {
  test("are sent when they are set, and what is wrong in them is said though they are closed", async () => {
    const model = modelOf("json");
    const el = await show(model);
    await click(button(el, "Options"));
    await write(at(el, "/tags"), "a, b");
    await write(at(el, "/delay"), "soon");
    await click(button(el, "Options"));
    expect(text(button(el, "Options"))).toContain("tags: ");
    await click(button(el, "Run"));
    expect(text(el.querySelector("[role=alert]"))).toContain("Option delay: It must match");
    expect(actions(model)).toEqual([]);
    await click(button(el, "Options"));
    await write(at(el, "/delay"), "10m");
    await click(button(el, "Run"));
    expect(actions(model)).toMatchObject([{ args: { options: { tags: ["a", "b"], delay: "10m" } } }]);
  });
});

describe("earlier runs", () => {
  test("are shown again by a click, until there is a newer one; their payload can be taken", async () => {
    const model = modelOf("json, running");
    const asked: string[] = [];
    model.widget_manager = { get_model: async (id) => (asked.push(id), liveModel({ task: "t", status: "QUEUED" })) };
    const el = await show(model);
    const { runs = [] } = scene("json, running").state;
    await click(el.querySelector<HTMLElement>(`[title="Show ${runs?.[2]?.id}"]`) ?? expect.fail());
    await pass(0);
    await click(el.querySelectorAll<HTMLElement>(".tw-past .tw-link")[1] ?? expect.fail());
    expect(JSON.parse(box(el).value)).toEqual({ region: "north-west", samples: 9000 });
    await patch(model, 2, { set: { runs: [{ id: "run_new", created_at: T, child: "IPY_MODEL_new" }, ...(runs ?? [])] } });
    await pass(0);
    expect(asked).toEqual(["child0", "child2", "new"]);
  });
});

describe("the newest run", () => {
  test("is drawn below, and another takes its place", async () => {
    const model = modelOf("json");
    const asked: string[] = [];
    const children = ["Queued", "Executing"].map((word) => liveModel({ task: word, status: word.toUpperCase() }));
    model.widget_manager = { get_model: async (id) => (asked.push(id), children[asked.length - 1] ?? expect.fail()) };
    const el = await show(model);
    expect(el.querySelector(".tw-child")?.childElementCount).toBe(0);
    for (const [i, word] of ["Queued", "Executing"].entries()) {
      await patch(model, 2 + i, { set: { runs: [{ id: `run_${i}`, created_at: T, child: `IPY_MODEL_${i}` }] } });
      await pass(0);
      expect(text(el.querySelector(".tw-child"))).toContain(word);
      expect(el.querySelectorAll(".tw-child > .tw-root")).toHaveLength(1);
    }
    expect(asked).toEqual(["0", "1"]);
    await act(() => clear());
    expect(children.map((child) => child.listeners())).toEqual([0, 0]);
  });

  test("that comes too late is not drawn", async () => {
    const model = modelOf("json, running");
    let give: (model: FakeModel) => void = () => {};
    model.widget_manager = { get_model: () => new Promise((resolve) => (give = resolve as typeof give)) };
    await show(model);
    await act(() => clear());
    const late = liveModel({ task: "late" });
    give(late);
    await pass(0);
    expect(late.listeners()).toBe(0);
  });
});

describe("hostile text", () => {
  test.each(CORPUS)("%j in every field stays inert", async (evil) => {
    vi.useRealTimers();
    const each = { title: evil, description: evil };
    const properties = {
      [evil]: { ...each, type: "string", default: evil, format: evil, pattern: evil },
      a: { ...each, enum: [evil, "b"] }, b: { ...each, type: "array", items: { type: "string" }, default: [evil] },
      c: { ...each, type: "object", properties: { [evil]: { ...each, type: "boolean" } } }, d: { ...each, default: { [evil]: evil } }, e: { ...each, type: "integer", minimum: evil },
    };
    for (const schema of [null, { type: "object", title: evil, properties }, { $ref: evil }]) {
      const fields = { [evil]: evil, "/a": evil, "/c": evil };
      const el = await showLive({ task: evil, schema, payload: evil, problem: { message: evil, fields }, runs: [1, 2].map((n) => ({ id: evil + n, created_at: 1, status: evil, payload: evil, child: evil })), options_schema: { type: "object", properties }, options: evil, name: evil, fault: evil, hint: evil }, "trigger");
      expectInert(el);
      expect(text(el)).toContain(evil);
    }
  });

  test.each([7, "x", [1], { type: "object", properties: [] }, { type: "object", properties: { a: null, b: { anyOf: 3 }, c: { enum: {} }, d: { type: {} } }, required: 7 }])("a schema that is %j breaks nothing", async (schema) => {
    const el = await showLive({ task: "t", schema, payload: 7, problem: { message: null, fields: 7 }, runs: {}, options_schema: schema, options: 7, name: 7 }, "trigger");
    expectInert(el);
    expect(text(el)).toContain("Run");
  });
});
