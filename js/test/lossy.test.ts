/** With 30 % of the messages lost, and others late or twice, both ways, everything ends right. */
import { act } from "preact/test-utils";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Store } from "../src/transport.js";
import { approvalScenes } from "./approval-scenes.js";
import { FakeModel } from "./fake-model.js";
import { inputScenes } from "./input-scenes.js";
import { Kernel, chances, lossy } from "./kernel.js";
import { runsScenes } from "./runs-scenes.js";
import { scenes } from "./scenes.js";
import { clear, show, showLive } from "./stage.js";
import { streamScenes } from "./stream-scenes.js";
import { triggerScenes } from "./trigger-scenes.js";

const T = Date.UTC(2026, 10, 23, 12);
/** Until the kernel has repeated its number for the last time, and a view has asked by itself a dozen times. */
const DAY = 86_400_000;

type Fields = Record<string, unknown>;

beforeEach(() => void vi.useFakeTimers({ now: T }));
afterEach(() => {
  clear();
  vi.useRealTimers();
});

test("values, growing texts and lists, and merged objects", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, changes) => {
      const model = new FakeModel({ _kind: "run", _snapshot: {} });
      const kernel = lossy(model, chances(seed));
      const store = new Store<Fields>(model);
      const detach = store.attach();
      let text = "";
      store.follow("text", (value, whole) => (text = (whole ? "" : text) + String(value ?? "")));
      for (let i = 0; i < changes; i++) {
        kernel.update({ status: `step ${i}`, [`key${i % 5}`]: i, ...(i % 20 === 19 && { text: "", rows: { anew: { i } } }) });
        kernel.append("text", `${i} `);
        kernel.append("items", [i, i]);
        kernel.merge("rows", { [i % 7]: { i }, [i % 3]: null });
        vi.advanceTimersByTime((i * 37) % 90);
      }
      vi.advanceTimersByTime(DAY);
      const shown = Object.fromEntries(Object.keys(kernel.state).map((key) => [key, store.field(key).value]));
      detach();
      vi.clearAllTimers();
      expect(shown).toEqual(kernel.state);
      expect(text).toBe(kernel.state["text"]);
    }),
    { numRuns: 100 },
  );
});

test("a state that was saved between two messages has no part twice", () => {
  let told = 0;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const model = new FakeModel({ _kind: "run", _snapshot: {} });
      const chance = chances(seed);
      const kernel = lossy(model, chance);
      const store = new Store<Fields>(model);
      const detach = store.attach();
      let text = "";
      store.follow("text", (value, whole) => {
        text = (whole ? "" : text) + String(value ?? "");
        expect(kernel.state["text"] ?? "").toContain(text);
        told++;
      });
      for (let i = 0; i < 60; i++) {
        kernel.append("text", `${i} `);
        if (chance() < 0.3) model.sync("_snapshot", kernel.saved);
        vi.advanceTimersByTime(chance() * 90);
      }
      detach();
      vi.clearAllTimers();
    }),
    { numRuns: 100 },
  );
  expect(told).toBeGreaterThan(1000);
});

test("the last change and all that repeat its number: a view asks by itself, ever more seldom", () => {
  const model = new FakeModel({ _kind: "run", _snapshot: {} });
  let lost = false;
  const kernel = new Kernel((message) => void (lost || model.custom(structuredClone(message))));
  model.onSend = (message) => kernel.receive(message);
  const store = new Store<Fields>(model);
  const detach = store.attach();
  kernel.update({ status: "EXECUTING" });
  vi.advanceTimersByTime(1000);
  lost = true;
  kernel.update({ status: "COMPLETED" });
  vi.advanceTimersByTime(11_000);
  lost = false;
  expect(store.field("status").value).toBe("EXECUTING");
  vi.advanceTimersByTime(60_000);
  expect([store.field("status").value, store.offline.value]).toEqual(["COMPLETED", false]);
  const before = model.sent.length;
  vi.advanceTimersByTime(3_600_000);
  expect(model.sent.length - before).toBeLessThan(10);
  detach();
  expect(model.listeners()).toBe(0);
});

test("what a newer choice has replaced is not sent again after it", async () => {
  const model = new FakeModel({ _kind: "runs", _snapshot: {} });
  const store = new Store<Fields>(model);
  const detach = store.attach();
  const answers: unknown[] = [];
  for (const ids of [["a"], ["a", "b"]]) void store.latest("select", { ids }).then((answer) => answers.push(answer.ok));
  void store.act("cancel");
  const sent = (name: string) => model.sent.filter((message) => message["name"] === name).map((message) => message["args"]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(answers).toEqual([true]);
  const [first, ...rest] = sent("select");
  expect(first).toEqual({ ids: ["a"] });
  expect(rest.length).toBeGreaterThan(1);
  expect(rest.every((each) => JSON.stringify(each) === '{"ids":["a","b"]}')).toBe(true);
  expect(sent("cancel").length).toBeGreaterThan(1);
  detach();
});

test("an action is carried out once, and answered, whatever is lost", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const model = new FakeModel({ _kind: "run", _snapshot: {} });
      const kernel = lossy(model, chances(seed));
      kernel.update({ status: "EXECUTING" });
      const store = new Store<Fields>(model);
      const detach = store.attach();
      const answers: unknown[] = [];
      void store.act("approve").then((answer) => answers.push(answer.ok));
      await vi.advanceTimersByTimeAsync(600_000);
      detach();
      vi.clearAllTimers();
      expect([kernel.done, answers]).toEqual([["approve"], [true]]);
    }),
    { numRuns: 60 },
  );
});

const pass = (ms: number) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));

/** As the widgets tell of it: what has grown at its end is appended, entries of an object are merged. */
function tell(kernel: Kernel, state: Fields): void {
  for (const [key, value] of Object.entries(state)) {
    const old = kernel.state[key];
    if (typeof value === "string" && typeof old === "string" && value.length > old.length && value.startsWith(old)) kernel.append(key, value.slice(old.length));
    else if ((key === "rows" || key === "sent") && old) {
      const gone = Object.keys(old).filter((id) => !(id in (value as Fields)));
      kernel.merge(key, { ...(value as Fields), ...Object.fromEntries(gone.map((id) => [id, null])) });
    } else kernel.update({ [key]: value });
  }
}

/**
 * What is to be seen of a card: without what tells only of the way there (words for a screen reader,
 * names that elements have for each other) and without clocks that run.
 */
function seen(el: HTMLElement): string {
  const copy = el.cloneNode(true) as HTMLElement;
  for (const each of copy.querySelectorAll("[role=status], .tw-num, time")) each.remove();
  for (const each of copy.querySelectorAll(".tw-caret")) each.replaceWith(each.textContent);
  // A table keeps a column and a status that it had once, so that nothing jumps.
  const table = copy.querySelector(".tw-tbody");
  for (const each of copy.querySelectorAll("[data-none]")) each.remove();
  if (table) return [...copy.querySelectorAll(".tw-chip, .tw-line, .tw-td:not(.tw-td-note, .tw-td-progress)")].map((each) => each.textContent).join("\n");
  for (const each of copy.querySelectorAll("*")) {
    const attributes = [...each.attributes].map(({ name, value }) => [name, value] as const).sort();
    for (const [name] of attributes) each.removeAttribute(name);
    for (const [name, value] of attributes) if (!/^(id|for|name|aria-(describedby|labelledby|controls))$/.test(name)) each.setAttribute(name, value);
  }
  return copy.innerHTML.replaceAll(">", ">\n");
}

const stories: Record<string, { name: string; state: object; offline?: boolean }[]> = {
  run: scenes(T),
  runs: runsScenes(T),
  stream: streamScenes(T),
  approval: approvalScenes(T),
  input: inputScenes(T),
  trigger: triggerScenes(T),
};

test.each(Object.entries(stories))("the card of a %s", async (kind, all) => {
  const told = all.filter(({ offline }) => !offline);
  for (let seed = 0; seed < 4; seed++) {
    const chance = chances(seed);
    const model = new FakeModel({ _kind: kind, _snapshot: {} });
    const kernel = lossy(model, chance);
    const el = await show(model);
    let name = "";
    for (let i = 0; i < 8; i++) {
      const scene = told[Math.floor(chance() * told.length)];
      name = scene?.name ?? "";
      tell(kernel, { ...scene?.state });
      kernel.update({ now: Date.now() });
      await pass(chance() * 200);
    }
    await pass(100_000);
    const right = await showLive({ ...kernel.state, now: Date.now() }, kind);
    await pass(3000);
    expect(seen(el), `seed ${seed}, ${name}`).toBe(seen(right));
    clear();
    vi.clearAllTimers();
  }
});
