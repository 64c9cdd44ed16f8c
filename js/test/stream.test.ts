import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Pace } from "../src/stream/pace.js";
import { FakeModel, liveModel } from "./fake-model.js";
import { CORPUS, actions, button, clear, click, expectInert, patch, show, showLive, showSaved, text } from "./stage.js";
import { streamScenes } from "./stream-scenes.js";

const T = new Date(2026, 10, 23, 14, 3, 22).getTime();
beforeEach(() => void vi.useFakeTimers({ now: T }));
afterEach(() => {
  clear();
  vi.useRealTimers();
});
const scene = (name: string) => streamScenes(T).find((each) => each.name === name) ?? expect.fail(name);
const showScene = (name: string) => (scene(name).offline ? showSaved : showLive)(scene(name).state, "stream");
const live = (more: object = {}) => liveModel({ ...scene("one line").state, ...more }, "stream");
const pass = (ms: number) => act(() => void vi.advanceTimersByTime(ms));
const pane = (el: Element) => el.querySelector<HTMLElement>(".tw-scroll") ?? expect.fail("no pane");
/** jsdom has no layout: a pane of 100 px of 1000. */
function layout(el: HTMLElement, top: number): void {
  Object.defineProperties(el, { scrollHeight: { value: 1000, configurable: true }, clientHeight: { value: 100, configurable: true } });
  el.scrollTop = top;
}

describe("every state", () => {
  test.each<[name: string, ...words: string[]]>([
    ["connecting", "Connecting"],
    ["waiting for the first part", "Waiting", "Waiting for the first part", "Stop", "summarize", "ai-output"],
    ["waiting, no worker", "run the cell that defines it"],
    ["one line", "Streaming", "The price moved because", "4 words", "14.8 s", "Stop", "Copy"],
    ["streaming", "What moved the price", "bootstrap_prices had", "python", "suggest that"],
    ["streaming, open fence", "{name:>12}"],
    ["replayed", "Replayed from a bundled text"],
    ["reconnecting", "Streaming"],
    ["stopped", "Stopped", "Follow", "in 14.7 s"],
    ["done", "Done", "$R^2 = 0.87$", "in 14.7 s"],
    ["done, nothing", "The stream ended without a part."],
    ["run failed", "Run failed", "suggest that"],
    ["run canceled", "Run canceled", "in order of **si"],
    ["offline", "The kernel does not answer", "suggest that"],
    ["offline, done, shortened", "Done", "The first 4.8 MB are not in this saved copy.", "the effect is fading."],
    ["fault", "No data", "There is no run"],
    ["text", "step 40", "200 words"],
    ["json", "1,130 parts", "… 80 earlier", "token 129"],
    ["json, done", "6 parts", '"checkpoint 4"'],
  ])("%s", async (name, ...words) => {
    const el = await showScene(name);
    for (const word of words) expect(text(el)).toContain(word);
    expect(text(el)).not.toMatch(/undefined|NaN|\[object/);
    expectInert(el);
  });

  test("nothing can be pressed that cannot be done", async () => {
    for (const name of ["connecting", "done", "run failed", "offline", "fault"]) {
      expect(text(await showScene(name))).not.toMatch(/Stop|Follow/);
    }
  });
});

describe("text that grows", () => {
  test("parts are added to what is there, and only a live text has a caret to see", async () => {
    const model = live({ text: "One " });
    const el = await show(model);
    const first = el.querySelector(".tw-md p");
    await patch(model, 2, { set: { parts: 6 }, append: { text: "**two** th" } });
    await patch(model, 3, { append: { text: "ree\n\nfour" } });
    expect(el.querySelector(".tw-md p")).toBe(first);
    expect([...el.querySelectorAll(".tw-md p")].map(text)).toEqual(["One two three", "four"]);
    expect(text(el)).toContain("4 words");
    expect(el.querySelector(".tw-card")?.getAttribute("data-phase")).toBe("live");
    await patch(model, 4, { set: { done: true, status: "COMPLETED" } });
    expect(el.querySelector(".tw-caret")).toBeNull();
    expect(text(el)).toContain("Done");
  });

  test("a snapshot that goes on from what is shown keeps the nodes, another is drawn anew", async () => {
    const model = live({ text: "One two" });
    const el = await show(model);
    const first = el.querySelector(".tw-md p");
    await act(() => model.custom({ kind: "snapshot", seq: 9, state: { ...scene("one line").state, text: "One two three" } }));
    expect([el.querySelector(".tw-md p"), text(first)]).toEqual([first, "One two three"]);
    await act(() => model.custom({ kind: "snapshot", seq: 10, state: { ...scene("one line").state, text: "Other" } }));
    expect(text(el.querySelector(".tw-md"))).toBe("Other");
    expect(text(el)).toContain("1 word");
  });

  test("a long text that is told again from its beginning, piece by piece, keeps its nodes", async () => {
    const model = live({ text: "One two", length: 17 });
    const el = await show(model);
    await patch(model, 2, { append: { text: " three\n\nfo" } });
    const [first, second] = el.querySelectorAll(".tw-md p");
    await act(() => model.custom({ kind: "snapshot", seq: 9, state: { ...scene("one line").state, text: "One", length: 23 } }));
    expect(text(el.querySelector(".tw-md"))).toBe("One two threefo");
    await patch(model, 10, { append: { text: " two three\n\n" } });
    await patch(model, 11, { append: { text: "four five" } });
    expect([...el.querySelectorAll(".tw-md p")]).toEqual([first, second]);
    expect(text(el.querySelector(".tw-md"))).toBe("One two threefour five");
    expect(text(el)).toContain("5 words");
  });

  test("one that turns out to be another is drawn anew", async () => {
    const model = live({ text: "One two three" });
    const el = await show(model);
    await act(() => model.custom({ kind: "snapshot", seq: 9, state: { ...scene("one line").state, text: "One", length: 9 } }));
    await patch(model, 10, { append: { text: " other" } });
    expect(text(el.querySelector(".tw-md"))).toBe("One other");
    expect(text(el)).toContain("2 words");
  });

  test("a text that goes on after its end is whole", async () => {
    const model = live({ text: "so **bo", done: true, status: "COMPLETED" });
    const el = await show(model);
    expect(text(el.querySelector(".tw-md"))).toBe("so **bo");
    await patch(model, 2, { set: { done: false, status: "EXECUTING" }, append: { text: "ld** on" } });
    expect(el.querySelector(".tw-md strong")?.textContent).toBe("bold");
  });

  test("two megabytes come in turns that leave the page alive, and are all there", async () => {
    vi.useRealTimers();
    const long = "A sentence of **some** `words`.\n\n".repeat(20_000);
    const el = await showLive({ ...scene("one line").state, text: long, mode: "text" }, "stream");
    await vi.waitFor(() => expect(el.querySelector(".tw-raw")?.textContent).toHaveLength(long.length), { timeout: 20_000 });
    expect(text(el)).toContain("100,000 words");
    expect(el.querySelectorAll(".tw-lines").length).toBeGreaterThan(50);
  }, 30_000);

  test("two views of one widget show the same", async () => {
    const model = live({ text: "One" });
    const [a, b] = [await show(model), await show(model)];
    await patch(model, 2, { append: { text: " two" } });
    expect([text(a.querySelector(".tw-md")), text(b.querySelector(".tw-md"))]).toEqual(["One two", "One two"]);
  });
});

describe("the end stays in sight", () => {
  test("until the reader scrolls up, and again from the button on", async () => {
    const model = live();
    const el = await show(model);
    const box = pane(el);
    layout(box, 0);
    await patch(model, 2, { append: { text: "more" } });
    await pass(50);
    expect(box.scrollTop).toBe(1000);
    expect(text(el)).not.toContain("Jump");
    await act(() => {
      box.scrollTop = 300;
      box.dispatchEvent(new Event("scroll"));
    });
    await patch(model, 3, { append: { text: "more" } });
    await pass(50);
    expect(box.scrollTop).toBe(300);
    await click(button(el, "Jump to latest"));
    await pass(50);
    expect(box.scrollTop).toBe(1000);
    expect(text(el)).not.toContain("Jump");
    expect(document.activeElement).toBe(box);
  });

  test("new text below the fold is no scrolling of the reader's", async () => {
    const model = live();
    const el = await show(model);
    layout(pane(el), 800);
    await act(() => void pane(el).dispatchEvent(new Event("scroll")));
    expect(text(el)).not.toContain("Jump");
  });

  test("a text that was over when it came is read from its beginning", async () => {
    const el = await showScene("done");
    layout(pane(el), 0);
    await pass(100);
    expect(pane(el).scrollTop).toBe(0);
  });
});

describe("actions", () => {
  test("Stop asks once, and Follow goes on", async () => {
    const model = live();
    const el = await show(model);
    await click(button(el, "Stop"));
    await click(button(el, "Stop"));
    expect(actions(model).map(({ name }) => name)).toEqual(["stop"]);
    await act(async () => model.custom({ kind: "reply", id: actions(model)[0]?.["id"], ok: true }));
    await patch(model, 2, { set: { stopped: true } });
    await click(button(el, "Follow"));
    expect(actions(model).map(({ name }) => name)).toEqual(["stop", "start"]);
    await act(async () => model.custom({ kind: "reply", id: actions(model)[1]?.["id"], ok: false, error: "403: not allowed" }));
    expect(text(el)).toContain("Could not follow: 403: not allowed");
  });

  test("Copy takes the text as it was written, or all values", async () => {
    const writeText = vi.fn(async () => {});
    vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText } });
    await click(button(await showScene("run canceled"), "Copy"));
    const code = await showScene("streaming");
    await click(code.querySelector<HTMLElement>(".tw-code .tw-copy") ?? expect.fail());
    await click(button(await showScene("json, done"), "Copy"));
    const [first, second, third] = writeText.mock.calls.map((call) => String((call as unknown[])[0]));
    expect(first).toBe("Three things, in order of **si");
    expect(second).toBe('fit = ols("price ~ rate + supply + C(month)", df)\nfit.rsquared   # 0.871');
    expect(JSON.parse(third ?? "")).toHaveLength(6);
    vi.unstubAllGlobals();
  });
});

describe("values", () => {
  test("only the newest are drawn, with their numbers, and more when asked", async () => {
    const el = await showScene("json");
    expect(el.querySelectorAll(".tw-item")).toHaveLength(50);
    expect(text(el.querySelector(".tw-item:last-child .tw-number"))).toBe("1130");
    expect(text(el)).toContain("The first 1,000 parts are not shown here");
    await click(button(el, "earlier"));
    expect(el.querySelectorAll(".tw-item")).toHaveLength(130);
  });

  test("parts are appended, and one opens", async () => {
    const model = liveModel({ ...scene("json, done").state, done: false }, "stream");
    const el = await show(model);
    await patch(model, 2, { set: { parts: 8 }, append: { items: [{ a: { b: 1 } }, null] } });
    expect(text(el.querySelector(".tw-item:last-child"))).toBe("8null");
    const opener = el.querySelectorAll<HTMLElement>(".tw-item .tw-fold").item(5);
    await click(opener);
    expect(opener.getAttribute("aria-expanded")).toBe("true");
    expect(el.querySelectorAll("[role=treeitem]").length).toBeGreaterThan(0);
  });
});

test("the pace is that of the last seconds, and none when nothing comes", () => {
  const pace = new Pace();
  pace.note(0, 1000);
  expect(pace.rate(0)).toBe(0);
  for (let at = 100; at <= 10_000; at += 100) pace.note(at, 1000 + at / 25);
  expect(pace.rate(10_000)).toBeCloseTo(40, 0);
  expect(pace.rate(14_000)).toBe(0);
});

test("which field of the parts is text is chosen in the card", async () => {
  const model = liveModel({ mode: "text", text: "abc", parts: 2, status: "EXECUTING", fields: ["id", "delta"], field: null }, "stream");
  const el = await show(model);
  const select = el.querySelector("select") ?? expect.fail("no select");
  expect([...select.options].map((each) => each.text)).toEqual(["whole parts", "id", "delta"]);
  select.value = "delta";
  await act(() => void select.dispatchEvent(new Event("change")));
  expect(actions(model).at(-1)).toMatchObject({ name: "field", args: { field: "delta" } });
  await patch(model, 2, { set: { field: "delta" } });
  expect(select.value).toBe("delta");
});

describe("hostile text", () => {
  test.each(CORPUS)("%j in every field stays inert", async (evil) => {
    vi.useRealTimers();
    for (const mode of ["markdown", "text", "json", evil]) {
      for (const done of [false, true]) {
        const connection = { state: "retrying", reason: evil };
        const state = { run_id: evil, task: evil, stream: evil, mode, text: evil, items: [evil, { [evil]: evil }], truncated: evil, fields: [evil, "b"], field: evil, parts: 2, first_at: 1, last_at: 2, now: 3, done, status: done ? evil : "FAILED", stopped: false, connection, hint: evil, fault: evil, note: evil };
        const el = await showLive(state, "stream");
        for (const folded of el.querySelectorAll<HTMLElement>("[aria-expanded=false]")) await click(folded);
        expectInert(el);
      }
    }
  });

  test("values of other types than promised break nothing", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    for (const odd of [3, true, [], { a: 1 }, null]) {
      const state = { run_id: "run_1", mode: "markdown", text: odd, items: odd, fields: odd, field: odd, parts: odd, first_at: odd, done: odd, status: "EXECUTING" };
      const el = await showLive(state, "stream");
      expect(el.querySelector(".tw-card")).not.toBeNull();
      expectInert(el);
    }
  });
});

test("a view that goes leaves nothing behind", async () => {
  const model = live();
  await show(model);
  clear();
  expect(model.listeners()).toBe(0);
  await act(() => void model.custom({ kind: "patch", seq: 2, append: { text: "x" } }));
  expect(new FakeModel({}).listeners()).toBe(0);
});
