import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { render } from "../src/core.js";
import { sheets } from "../src/views.js";
import { type FakeModel, FakeModel as Model, liveModel } from "./fake-model.js";
import { scenes } from "./scenes.js";

const T = new Date(2026, 10, 23, 14, 3, 22).getTime();
let undo: (() => void)[] = [];

beforeEach(() => void vi.useFakeTimers({ now: T }));
afterEach(() => {
  for (const each of undo) each();
  undo = [];
  document.body.replaceChildren();
  vi.useRealTimers();
});

async function show(model: FakeModel): Promise<HTMLElement> {
  const el = document.createElement("div");
  document.body.append(el);
  await act(() => void undo.push(render({ model, el })));
  return el;
}
const scene = (name: string) => scenes(T).find((each) => each.name === name) ?? expect.fail(name);
const showScene = (name: string) => show(liveModel(scene(name).state));
const patch = (model: FakeModel, seq: number, set: object) => act(() => model.custom({ kind: "patch", seq, set }));
const text = (el: Element | null | undefined) => (el?.textContent ?? "").replaceAll(/[\u202f\u00a0]/g, " ");
const button = (el: Element, words: string) =>
  [...el.querySelectorAll("button")].find((each) => text(each).includes(words)) ?? expect.fail(`no button ${words}`);
const pass = (ms: number) => act(() => void vi.advanceTimersByTime(ms));
const press = (el: Element, key: string) =>
  act(() => void el.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
const click = (el: HTMLElement) => act(() => el.click());

describe("every state", () => {
  test.each<[name: string, ...words: string[]]>([
    ["connecting", "Connecting"],
    ["connecting, id known", "Connecting", "run_cm4k…x7q2"],
    ["waiting for a worker", "Waiting for a worker", "Triggered", "waiting 15.2 s", "run the cell that defines it"],
    ["delayed", "Delayed", "Starts in 4 m 12 s, at 14:07:34"],
    ["queued", "Queued", "waiting 15.2 s", "user-123"],
    ["starting", "Starting"],
    ["executing, no progress", "Executing", "Started 14:03:07", "14.8 s"],
    ["executing", "Executing", "62 %", "6,204 / 10,000", "418/s", "about 10 s left", "14.8 s", "Metadata", "Log"],
    ["executing, label, retry, cost", "24/min", "attempt 2 of 3", "$0.0004", "resampling region north-west", "+2"],
    ["canceling", "Canceling"],
    ["waiting in the task", "Waiting"],
    ["read-only token", "read only"],
    ["completed, object", "Completed", "Finished 14:03:21", "ran 14.5 s", "coefficients: 5 fields", "samples: [0.85"],
    ["completed, number", "Output0.8713204"],
    ["completed, short text", "Outputs3://reports/q3/prices.parquet"],
    ["completed, long text", "What moved the price", "… 3,"],
    ["completed, a list of rows", '0: { row: 0, region: "south", score: 0 }', "… 220 more"],
    ["completed, none", "Outputnone"],
    ["failed", "Failed", "at 62 %", "attempt 3 of 3", "ValueError: column “price” has 14", "tasks.py:31 in bootstrap", "2 frames in pandas"],
    ["failed, TypeScript task", "TypeError: fetch failed", "tasks.ts:39 in run", "2 frames in @trigger.dev/core"],
    ["crashed", "Crashed", "The process of notebook prices.ipynb died"],
    ["system failure", "System failure", "The server could not start the run."],
    ["canceled", "Canceled", "at 62 %"],
    ["expired", "Expired", "waited 10.0 s", "Run expired because the TTL"],
    ["timed out", "Timed out", "maxDuration"],
    ["fault: unknown run", "No data", "There is no run"],
    ["fault: wrong key", "refused the key"],
  ])("%s", async (name, ...words) => {
    const el = await showScene(name);
    for (const word of words) expect(text(el)).toContain(word);
    expect(text(el)).not.toMatch(/undefined|NaN|\[object/);
  });
});

describe("progress", () => {
  test("is a progressbar with a value", async () => {
    const bar = (await showScene("executing")).querySelector("[role=progressbar]");
    expect(bar?.getAttribute("aria-valuenow")).toBe("62");
  });

  test("is one without a value while nothing is known", async () => {
    const bar = (await showScene("executing, no progress")).querySelector("[role=progressbar]");
    expect(bar?.hasAttribute("aria-valuenow")).toBe(false);
  });

  test("is none while nothing goes on", async () => {
    expect((await showScene("queued")).querySelector("[role=progressbar]")).toBeNull();
  });
});

describe("elapsed", () => {
  const elapsed = (el: Element) => text(el.querySelector(".tw-elapsed"));

  test("ticks, on the kernel's clock, and stops at the end", async () => {
    const model = liveModel({ task: "t", status: "EXECUTING", now: T - 3_600_000, started_at: T - 3_602_000 });
    const el = await show(model);
    expect(elapsed(el)).toBe("2.0 s");
    await pass(1300);
    expect(elapsed(el)).toBe("3.3 s");
    await patch(model, 2, { status: "COMPLETED", finished_at: T - 3_600_000 + 1400 });
    await pass(10_000);
    expect(elapsed(el)).toBe("ran 3.4 s");
  });

  test("stands still without a kernel", async () => {
    const state = { ...scene("executing").state };
    const el = await show(new Model({ _kind: "run", _snapshot: { seq: 1, saved_at: T, state } }));
    await pass(60_000);
    expect(elapsed(el)).toBe("14.8 s");
    expect(text(el)).toContain("The kernel does not answer: it is busy or gone. Last known state, 14:03.");
    expect(el.querySelector(".tw-card")?.hasAttribute("data-stale")).toBe(true);
    expect(text(el)).not.toContain("Cancel");
  });

  test("runs no timer once nothing ticks", async () => {
    await showScene("completed, number");
    await pass(2000);
    // but the transport's one, which asks now and then whether a message was lost
    expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
    const { innerHTML } = document.body;
    await pass(5000);
    expect(document.body.innerHTML).toBe(innerHTML);
  });
});

describe("cancel", () => {
  const actions = (model: FakeModel) => model.sent.filter((message) => message["kind"] === "action");

  test("asks first, with the focus on the answer that changes nothing", async () => {
    const model = liveModel(scene("executing").state);
    const el = await show(model);
    await click(button(el, "Cancel"));
    expect(text(document.activeElement)).toBe("Keep running");
    await click(button(el, "Keep running"));
    expect(text(document.activeElement)).toBe("Cancel");
    expect(actions(model)).toEqual([]);
  });

  test("Escape takes the question back", async () => {
    const el = await showScene("executing");
    await click(button(el, "Cancel"));
    await press(document.activeElement ?? el, "Escape");
    expect(text(el)).not.toContain("Cancel run?");
    expect(text(document.activeElement)).toBe("Cancel");
  });

  test("is sent once, and seen at once", async () => {
    const model = liveModel(scene("executing").state);
    const el = await show(model);
    await click(button(el, "Cancel"));
    await click(button(el, "Yes, cancel"));
    expect(actions(model)).toMatchObject([{ name: "cancel", args: {} }]);
    expect(text(el)).toContain("Canceling");
    await click(button(el, "Cancel"));
    expect(text(el)).not.toContain("Cancel run?");
    await pass(3100);
    expect(text(el)).toContain("The kernel is busy with a cell");
  });

  test("that is refused says why", async () => {
    const model = liveModel(scene("executing").state);
    const el = await show(model);
    await click(button(el, "Cancel"));
    await click(button(el, "Yes, cancel"));
    await act(async () => model.custom({ kind: "reply", id: actions(model)[0]?.["id"], ok: false, error: "403: no" }));
    expect(text(el.querySelector("[role=alert]"))).toBe("Could not cancel: 403: no");
    expect(text(el)).toContain("Executing");
  });

  test("keeps the focus in the card when the run ends meanwhile", async () => {
    const model = liveModel(scene("executing").state);
    const el = await show(model);
    await click(button(el, "Cancel"));
    await patch(model, 2, { status: "COMPLETED", can: null });
    expect(document.activeElement).toBe(el.querySelector(".tw-card"));
  });
});

describe("the connection", () => {
  test("is mentioned only when a cut lasts, with a way to hurry", async () => {
    const model = liveModel(scene("reconnecting").state);
    const el = await show(model);
    expect(text(el)).not.toContain("Reconnecting");
    await pass(900);
    expect(text(el)).toContain("Reconnecting: connection refused, next try in 4 s");
    await click(button(el, "Retry now"));
    expect(model.sent.at(-1)).toMatchObject({ kind: "action", name: "reconnect" });
  });

  test("that cannot be had is a fault with a way to try again, and the clock stands", async () => {
    const model = liveModel(scene("fault: wrong key").state);
    const el = await show(model);
    const before = text(el.querySelector(".tw-elapsed"));
    await pass(5000);
    expect(text(el.querySelector(".tw-elapsed"))).toBe(before);
    expect(text(el).match(/refused the key/g)).toHaveLength(1);
    await click(button(el, "Reconnect"));
    expect(model.sent.at(-1)).toMatchObject({ kind: "action", name: "reconnect" });
  });

  test("that was closed on purpose can be had again", async () => {
    const el = await show(liveModel({ ...scene("executing").state, connection: { state: "closed", reason: null } }));
    await pass(900);
    expect(text(el)).toContain("Not following this run.");
    button(el, "Follow again");
  });
});

describe("the tree", () => {
  const metadata = { a: { b: { c: 1 }, long: "x".repeat(100) }, list: [1, 2], z: 1 };
  const items = (tree: Element) => [...tree.querySelectorAll<HTMLElement>("[role=treeitem]")];

  test("is walked with the arrows, one stop for Tab", async () => {
    const el = await show(liveModel({ task: "t", status: "EXECUTING", metadata }));
    expect(items(el).filter((item) => item.tabIndex === 0)).toHaveLength(1);
    expect(items(el)[0]?.getAttribute("aria-expanded")).toBe("true");
    items(el)[0]?.focus();
    const walk = async (...keys: string[]) => {
      for (const key of keys) await press(document.activeElement ?? el, key);
      return text(document.activeElement).split(":")[0];
    };
    expect(await walk("ArrowLeft", "ArrowRight", "ArrowRight")).toBe("b");
    expect(await walk("ArrowRight", "ArrowRight")).toBe("c");
    expect(await walk("ArrowLeft", "ArrowLeft", "ArrowLeft")).toBe("a");
    expect(await walk("End")).toBe("z");
    expect(await walk("Home", "ArrowDown", "ArrowDown")).toBe("long");
    expect(await walk("ArrowLeft", "Enter")).toBe("a");
    expect(items(el)[0]?.getAttribute("aria-expanded")).toBe("false");
  });

  test("gives long lists bit by bit", async () => {
    const output = Array.from({ length: 2361 }, (_, i) => i);
    const el = await show(liveModel({ task: "t", status: "COMPLETED", has_output: true, output }));
    expect(items(el)).toHaveLength(21);
    expect(text(items(el)[20])).toBe("… 2,341 more");
    await click(items(el)[20] ?? expect.fail());
    expect(items(el)).toHaveLength(81);
  });

  test("gives long texts bit by bit, by mouse or Enter", async () => {
    const el = await show(liveModel({ task: "t", status: "COMPLETED", has_output: true, output: { s: "x".repeat(2641) } }));
    await click(items(el)[0]?.querySelector("button") ?? expect.fail());
    expect(text(el)).toContain("… 241 more");
    await press(items(el)[0] ?? el, "Enter");
    expect(text(items(el)[0])).toHaveLength(2641 + 's: ""'.length);
  });

  test("keeps what is open while the data moves", async () => {
    const model = liveModel({ task: "t", status: "EXECUTING", metadata: { best: { r2: 0.5 } } });
    const el = await show(model);
    await click(items(el)[0] ?? expect.fail());
    await patch(model, 2, { metadata: { best: { r2: 0.6 } } });
    expect(items(el).map(text)).toEqual(["best: 1 field", "r2: 0.6"]);
  });
});

test("a traceback's library frames open on request", async () => {
  const el = await showScene("failed");
  expect(text(el)).not.toContain("readers.py");
  await click(button(el, "2 frames in pandas"));
  expect(text(el)).toContain("readers.py:1026 in read_csv");
});

test("a copy button copies and says so", async () => {
  const writeText = vi.fn(async () => {});
  vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText } });
  const el = await showScene("completed, number");
  const copy = el.querySelector<HTMLElement>("[aria-label='Copy output']") ?? expect.fail();
  await act(async () => {
    copy.click();
    await vi.advanceTimersByTimeAsync(0);
  });
  expect(writeText).toHaveBeenCalledWith("0.8713204");
  expect(text(copy)).toBe("Copied");
  vi.unstubAllGlobals();
});

test("only a change of status is announced", async () => {
  const model = liveModel(scene("executing").state);
  const el = await show(model);
  const live = el.querySelector(".tw-sr");
  expect(text(live)).toBe("");
  await patch(model, 2, { progress: { fraction: 0.9 } });
  expect(text(live)).toBe("");
  await patch(model, 3, { status: "COMPLETED" });
  expect(text(live)).toBe("bootstrap-prices: Completed");
});

describe("the host", () => {
  test("an unknown kind is one sentence", async () => {
    const el = await show(new Model({ _kind: "pie" }));
    expect(text(el)).toBe("This version of trigger-widgets has no view called “pie”.");
  });

  test("two views show the same, and leave nothing behind", async () => {
    const model = liveModel(scene("executing").state);
    const [first, second] = [await show(model), await show(model)];
    await patch(model, 2, { progress: { fraction: 0.7 } });
    expect(text(first)).toBe(text(second));
    expect(text(first)).toContain("70 %");
    await act(() => undo.forEach((each) => each()));
    undo = [];
    expect([first.childNodes.length, model.listeners()]).toEqual([0, 0]);
    await pass(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("the style is put once into the page, and into a shadow root", async () => {
    await showScene("queued");
    await showScene("queued");
    expect(document.querySelectorAll("style[data-tw]")).toHaveLength(sheets.length);
    const shadow = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "open" });
    const el = shadow.appendChild(document.createElement("div"));
    undo.push(render({ model: liveModel(scene("queued").state), el }));
    expect(shadow.querySelectorAll("style[data-tw]")).toHaveLength(sheets.length);
  });

  test("keys in the card are the card's, but Ctrl+S and Shift+Enter are the notebook's", async () => {
    const el = await showScene("executing");
    const root = el.querySelector(".tw-root") ?? expect.fail();
    const suppressed = (init: KeyboardEventInit) => {
      button(el, "Cancel").dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, composed: true, ...init }));
      return root.hasAttribute("data-lm-suppress-shortcuts");
    };
    expect(suppressed({ key: "Enter" })).toBe(true);
    expect(suppressed({ key: "s", ctrlKey: true })).toBe(false);
    expect(suppressed({ key: "ArrowDown" })).toBe(true);
    expect(suppressed({ key: "Enter", shiftKey: true })).toBe(false);
    const lines = root.appendChild(document.createElement("textarea"));
    lines.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, composed: true, key: "Enter", shiftKey: true }));
    expect(root.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
  });

  test("a view that cannot be drawn says so", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const el = await show(liveModel({ task: "t", status: "EXECUTING", created_at: 1e300, started_at: 1e300 }));
    expect(text(el.querySelector("[role=alert]"))).toContain("This card could not be drawn");
  });
});
