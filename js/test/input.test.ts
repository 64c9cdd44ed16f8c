import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { liveModel } from "./fake-model.js";
import { inputScenes } from "./input-scenes.js";
import { CORPUS, actions, button, clear, click, expectInert, patch, show, showLive, showSaved, text } from "./stage.js";

const T = new Date(2026, 10, 23, 14, 3, 22).getTime();
beforeEach(() => void vi.useFakeTimers({ now: T }));
afterEach(() => {
  clear();
  vi.useRealTimers();
});
const scene = (name: string) => inputScenes(T).find((each) => each.name === name) ?? expect.fail(name);
const showScene = (name: string) => (scene(name).offline ? showSaved : showLive)(scene(name).state, "input");
const live = (name = "open", more: object = {}) => liveModel({ ...scene(name).state, ...more }, "input");
const box = (el: Element) => el.querySelector("textarea") ?? expect.fail("no box");
const messages = (el: Element) => [...el.querySelectorAll(".tw-sent li")].map((each) => [text(each.querySelector(".tw-said-text")), each.getAttribute("data-state")]);
const write = (el: Element, words: string) =>
  act(() => {
    box(el).value = words;
    box(el).dispatchEvent(new Event("input", { bubbles: true }));
  });
const press = (el: Element, more: KeyboardEventInit = {}) =>
  act(async () => {
    const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, composed: true, ...more });
    box(el).dispatchEvent(event);
    await Promise.resolve();
  });
const answer = (model: ReturnType<typeof live>, at: number, more: object = { ok: true }) =>
  act(async () => {
    model.custom({ kind: "reply", id: actions(model)[at]?.["id"], ...more });
    for (let i = 0; i < 6; i++) await Promise.resolve();
  });
const args = (model: ReturnType<typeof live>, at: number) => actions(model)[at]?.["args"] as Record<string, unknown>;

describe("every state", () => {
  test.each<[name: string, ...words: string[]]>([
    ["connecting", "Open"],
    ["open", "research-agent", "chat", "Executing", "sends", "new line"],
    ["sent", "northern region", "14:02"],
    ["sending", "How far are you?", "Sending"],
    ["failed", "Not sent: Cannot reach", "Retry"],
    ["many", "1,204 sent before", "message 29"],
    ["ended", "Completed", "nothing can be sent to it"],
    ["cannot send", "may not send"],
    ["cannot read", "whether the run still listens is not known", "sends"],
    ["form", "Action", "Budget", "1 to 100", "Send"],
    ["form, sent", "go on with the south"],
    ["form, refused", "less than 20"],
    ["json", "JSON", "Send"],
    ["offline", "The kernel does not answer", "northern region"],
    ["fault", "There is no run"],
  ])("%s", async (name, ...words) => {
    const el = await showScene(name);
    for (const word of words) expect(text(el)).toContain(word);
    expect(text(el)).not.toMatch(/undefined|NaN|\[object/);
    expectInert(el);
  });

  test("there is no box where nothing can be sent", async () => {
    for (const name of ["connecting", "ended", "cannot send", "offline", "fault"]) {
      expect((await showScene(name)).querySelector("textarea, .tw-primary"), name).toBeNull();
    }
  });
});

describe("a chat", () => {
  test("Enter sends, Shift+Enter and an input method do not, and nothing is not sent", async () => {
    const model = live();
    const el = await show(model);
    await press(el);
    await write(el, "  \n ");
    await press(el);
    await write(el, "one");
    await press(el, { shiftKey: true });
    await press(el, { isComposing: true });
    expect(actions(model)).toEqual([]);
    await press(el);
    await press(el, { repeat: true });
    expect(actions(model)).toHaveLength(1);
    expect(args(model, 0)["data"]).toBe("one\n");
    expect(box(el).value).toBe("");
    expect(messages(el)).toEqual([["one\n", "sending"]]);
  });

  test("messages leave one after the other, and none is shown twice", async () => {
    const model = live();
    const el = await show(model);
    for (const words of ["one", "two"]) {
      await write(el, words);
      await press(el);
    }
    expect(actions(model).map((each) => (each["args"] as { data: string }).data)).toEqual(["one"]);
    expect(messages(el)).toEqual([["one", "sending"], ["two", "sending"]]);
    await patch(model, 2, { merge: { sent: { s1: { key: args(model, 0)["key"], data: "one", at: T, state: "sent" } } } });
    expect(messages(el)).toEqual([["one", "sent"], ["two", "sending"]]);
    await answer(model, 0);
    expect(messages(el)).toEqual([["one", "sent"], ["two", "sending"]]);
    expect(args(model, 1)["data"]).toBe("two");
  });

  test("what the kernel could not send is sent again from there", async () => {
    const model = live("failed");
    const el = await show(model);
    await click(button(el, "Retry"));
    expect([actions(model)[0]?.["name"], args(model, 0)]).toEqual(["retry", { id: "s3" }]);
  });

  test("what the kernel refused before it knew of it is sent again from here, and the next one goes on", async () => {
    const model = live();
    const el = await show(model);
    for (const words of ["one", "two"]) {
      await write(el, words);
      await press(el);
    }
    await answer(model, 0, { ok: false, error: "nothing was sent: it: too long." });
    expect(messages(el)).toEqual([["one", "failed"], ["two", "sending"]]);
    await answer(model, 1);
    await click(button(el, "Retry"));
    await answer(model, 5);
    expect(args(model, 2)).toEqual(args(model, 0));
  });
});

test("a form is checked here, and sent once", async () => {
  const model = live("form");
  const el = await show(model);
  await click(button(el, "Send"));
  expect(actions(model)).toEqual([]);
  const select = el.querySelector("select") ?? expect.fail("no select");
  await act(() => {
    select.value = "1";
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
  await click(button(el, "Send"));
  await click(button(el, "Sending"));
  expect(actions(model)).toHaveLength(1);
  expect(args(model, 0)["data"]).toMatchObject({ action: "pause", budget: 10 });
});

describe("hostile words", () => {
  test.each(CORPUS)("%s in every field stays inert", async (evil) => {
    for (const mode of ["chat", "form"]) {
      for (const state of ["sent", "failed", evil]) {
        const schema = { type: "object", properties: { [evil]: { type: "string", title: evil, description: evil, default: evil } } };
        const sent = { [evil]: { key: evil, data: evil, at: T, state, reason: evil }, s2: { key: null, data: { [evil]: evil }, at: T, state, reason: evil } };
        const all = { run_id: evil, task: evil, stream: evil, mode, schema, payload: evil, problem: { message: evil, fields: { [evil]: evil } }, status: evil, sent, earlier: 3, can: { send: state === "sent" ? true : evil }, done: false, now: T, connection: { state: "retrying", reason: evil }, hint: evil, fault: state === "failed" ? evil : null };
        const el = await showLive(all, "input");
        expectInert(el);
        expect(text(el)).not.toContain("could not be drawn");
      }
    }
  });

  test("values of other types than promised break nothing", async () => {
    for (const odd of [3, true, [], { a: 1 }, "x", null]) {
      const el = await showLive({ run_id: "run_1", mode: "chat", sent: odd, earlier: odd, can: { send: true }, schema: odd, payload: odd }, "input");
      expect(el.querySelector(".tw-card")).not.toBeNull();
      expectInert(el);
    }
    const el = await showLive({ ...scene("open").state, sent: { s1: 3, s2: { at: "x", state: {}, reason: "x", data: null }, s3: null } }, "input");
    expectInert(el);
    expect(text(el)).not.toContain("could not be drawn");
  });
});
