/** What a run's card has below: payload, log, details, the cards inside it, and its replay. */
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeModel, liveModel } from "./fake-model.js";
import { scenes } from "./scenes.js";
import { actions, button, clear, click, patch, show, showLive, text } from "./stage.js";

const T = new Date(2026, 10, 23, 14, 3, 22).getTime();
beforeEach(() => void vi.useFakeTimers({ now: T }));
afterEach(() => {
  clear();
  vi.useRealTimers();
});
const scene = (name: string) => scenes(T).find((each) => each.name === name) ?? expect.fail(name);
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms).then(() => {}));
const tab = (el: Element, name: string) => el.querySelector<HTMLElement>(`.tw-tab[data-section=${name}]`) ?? expect.fail(name);

function modelOf(name: string): [FakeModel, Record<string, FakeModel>] {
  const { state, children = {} } = scene(name);
  const model = liveModel({ ...state });
  const inside = Object.fromEntries(Object.entries(children).map(([id, child]) => [id, liveModel({ ...child.state }, child.kind)]));
  model.widget_manager = { get_model: async (id) => inside[id] ?? Promise.reject(new Error("no such model")) };
  return [model, inside];
}

describe("one line of titles", () => {
  test("opens what it names, one at a time", async () => {
    const el = await showLive(scene("executing").state, "run");
    await click(tab(el, "payload"));
    expect(text(el)).toContain('region: "north-west"');
    await click(tab(el, "details"));
    expect(text(el)).not.toContain("samples: ");
    for (const word of ["Attempt1 of 3", "In the queue270 ms", "prices-2026-q3", "Time to live10m", "run_cm4k09z8y7x6w5v4u3t2s", "Version20261124.3", "Testyes"]) expect(text(el)).toContain(word);
    expect(text(el)).not.toContain("Batch");
    await click(tab(el, "details"));
    expect(el.querySelector("[aria-expanded=true].tw-tab")).toBeNull();
  });

  test("names only what there is, and nothing of a run that is not known", async () => {
    const el = await showLive(scene("queued").state, "run");
    expect([...el.querySelectorAll(".tw-tab")].map(text)).toEqual(["Details"]);
    expect((await showLive({}, "run")).querySelector(".tw-tab")).toBeNull();
  });
});

describe("the log", () => {
  test("shows its last line while closed, and every line with its time and level when open", async () => {
    const model = liveModel({ ...scene("executing").state });
    const el = await show(model);
    expect(text(tab(el, "log"))).toBe("Log6");
    await patch(model, 2, { append: { log: [[T, "warn", "one\ntwo"]] } });
    expect(text(el.querySelector(".tw-more-about .tw-preview"))).toBe("two");
    await click(tab(el, "log"));
    const lines = [...el.querySelectorAll<HTMLElement>(".tw-log-line")];
    expect([lines.length, text(lines.at(-1)), lines.at(-1)?.dataset["level"]]).toEqual([7, "14:03:22one\ntwo", "warn"]);
  });

  test("that is long shows its end, and more when asked", async () => {
    const log = Array.from({ length: 1000 }, (_, i) => [T, "stdout", `line ${i}`]);
    const el = await showLive({ ...scene("executing").state, log }, "run");
    await click(tab(el, "log"));
    expect(el.querySelectorAll(".tw-log-line")).toHaveLength(300);
    await click(button(el, "… 700 more"));
    expect(text(el.querySelector(".tw-log-line"))).toContain("line 0");
  });
});

describe("the cards inside", () => {
  test("are drawn where they are named, each by its own model, and go with the card", async () => {
    const [model, inside] = modelOf("an agent");
    const el = await show(model);
    await pass(0);
    const kinds = [...el.querySelectorAll<HTMLElement>(".tw-parts .tw-root")].map((each) => each.dataset["kind"]);
    expect(kinds).toEqual(["stream", "approval"]);
    expect(text(el)).toContain("What moved the price");
    await act(() => clear());
    expect(Object.values(inside).map((each) => each.listeners())).toEqual([0, 0]);
  });

  test("that are not in the notebook are named", async () => {
    const [model] = modelOf("an agent, its parts lost");
    const el = await show(model);
    await pass(0);
    expect(text(el.querySelector(".tw-parts"))).toContain("The card of the stream stream could not be shown: no such model");
  });
});

describe("a replay", () => {
  test("is asked for once, and drawn below", async () => {
    const [model, inside] = modelOf("replayed");
    const el = await show(model);
    await pass(0);
    expect(el.querySelectorAll("article.tw-run")).toHaveLength(2);
    await click(button(el, "Replay"));
    await click(button(el, "Starting"));
    expect(actions(model)).toMatchObject([{ name: "replay" }]);
    await act(async () => {
      model.custom({ kind: "reply", id: actions(model)[0]?.["id"], ok: false, error: "no server" });
      await vi.advanceTimersByTimeAsync(0);
    });
    expect(text(el.querySelector("[role=alert]"))).toBe("Could not replay: no server");
    expect(Object.keys(inside)).toEqual(["replay"]);
  });

  test("that the token may not make is not offered, and it says why", async () => {
    const el = await showLive(scene("completed, read-only token").state, "run");
    expect([...el.querySelectorAll("button")].map(text)).not.toContain("Replay");
    expect(el.querySelector(".tw-why")?.getAttribute("title")).toContain("replay needs the secret key");
  });
});
