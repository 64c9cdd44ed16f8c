import { h, render as draw } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Store, storeOf } from "../src/transport.js";
import { FakeModel } from "./fake-model.js";

interface State {
  status: string;
  text: string;
  now: number;
  [key: string]: unknown;
}
const T = Date.UTC(2026, 10, 23, 12);

beforeEach(() => void vi.useFakeTimers({ now: T }));
afterEach(() => void vi.useRealTimers());

function connect(snapshot: unknown = {}) {
  const model = new FakeModel({ _kind: "run", _snapshot: snapshot });
  const store = new Store<State>(model);
  return { model, store, detach: store.attach() };
}
const hellos = (model: FakeModel) => model.sent.filter((message) => message["kind"] === "hello");

describe("first paint", () => {
  test("is the saved state, at once, and a hello that asks for all", () => {
    const { model, store } = connect({ seq: 7, saved_at: T - 60_000, state: { status: "EXECUTING" } });
    expect(store.field("status").value).toBe("EXECUTING");
    expect(store.asOf.value).toBe(T - 60_000);
    expect(model.sent).toEqual([{ kind: "hello", have: null }]);
  });

  test("without a saved state knows nothing", () => {
    const { store } = connect();
    expect(store.field("status").value).toBeUndefined();
    expect(store.offline.value).toBe(false);
  });

  test("goes on from the saved state while the kernel is too busy to answer", () => {
    const { model, store } = connect({ seq: 7, saved_at: T, state: { status: "QUEUED" } });
    model.custom({ kind: "patch", seq: 8, set: { status: "EXECUTING" } });
    expect(store.field("status").value).toBe("EXECUTING");
  });
});

describe("updates", () => {
  test("a snapshot replaces everything, a patch sets and appends", () => {
    const { model, store } = connect();
    const text = store.field("text");
    model.custom({ kind: "snapshot", seq: 1, state: { status: "EXECUTING", text: "a" } });
    model.custom({ kind: "patch", seq: 2, set: { status: "COMPLETED" }, append: { text: "b" } });
    expect([store.field("status").value, text.value]).toEqual(["COMPLETED", "ab"]);
    model.custom({ kind: "snapshot", seq: 3, state: { status: "FAILED" } });
    expect([store.field("status").value, text.value]).toEqual(["FAILED", undefined]);
  });

  test("a patch appends lists and merges objects, after it has set", () => {
    const { model, store } = connect();
    model.custom({ kind: "snapshot", seq: 1, state: { items: [1], rows: { a: { n: 1 }, b: { n: 1 } } } });
    model.custom({ kind: "patch", seq: 2, append: { items: [2, [3]] }, merge: { rows: { a: { n: 2 }, b: null, c: { n: 1 } } } });
    expect(store.field("items").value).toEqual([1, 2, [3]]);
    expect(store.field("rows").value).toEqual({ a: { n: 2 }, c: { n: 1 } });
    model.custom({ kind: "patch", seq: 3, set: { items: [], rows: {}, text: "a" }, append: { items: [9], text: "b" }, merge: { rows: { d: 1 } } });
    expect([store.field("items").value, store.field("rows").value, store.field("text").value]).toEqual([[9], { d: 1 }, "ab"]);
    model.custom({ kind: "patch", seq: 4, merge: { rows: "no object" }, append: { fresh: ["x"] } });
    expect([store.field("rows").value, store.field("fresh").value]).toEqual([{ d: 1 }, ["x"]]);
  });

  test("a merged field called __proto__ is a field", () => {
    const { model, store } = connect();
    model.custom(JSON.parse('{"kind":"snapshot","seq":1,"state":{"rows":{}}}'));
    model.custom(JSON.parse('{"kind":"patch","seq":2,"merge":{"rows":{"__proto__":{"polluted":1}}}}'));
    const rows = store.field("rows").value as Record<string, unknown>;
    expect([Object.keys(rows), rows["polluted"], ({} as Record<string, unknown>)["polluted"]]).toEqual([["__proto__"], undefined, undefined]);
  });

  test("who follows a field hears the whole at first, then each part, and the whole when it begins anew", () => {
    const { model, store } = connect({ seq: 1, saved_at: T, state: { text: "saved" } });
    const heard: [unknown, boolean][] = [];
    const stop = store.follow("text", (value, whole) => void heard.push([value, whole]));
    model.custom({ kind: "snapshot", seq: 1, state: { text: "a" } });
    model.custom({ kind: "patch", seq: 2, append: { text: "b" }, set: { status: "x" } });
    model.custom({ kind: "patch", seq: 3, set: { status: "y" } });
    model.custom({ kind: "patch", seq: 4, set: { text: "c" }, append: { text: "d" } });
    model.custom({ kind: "snapshot", seq: 5, state: {} });
    stop();
    model.custom({ kind: "patch", seq: 6, append: { text: "e" } });
    expect(heard).toEqual([["saved", true], ["a", true], ["b", false], ["cd", true], [undefined, true]]);
  });

  test("a patch wakes only who reads what it changed", async () => {
    const { model, store } = connect();
    model.custom({ kind: "snapshot", seq: 1, state: { status: "EXECUTING", text: "a" } });
    const seen: unknown[] = [];
    const page = document.createElement("div");
    const Text = () => (seen.push(store.field("text").value), null);
    await act(() => draw(h(Text, null), page));
    await act(() => model.custom({ kind: "patch", seq: 2, set: { status: "COMPLETED" } }));
    await act(() => model.custom({ kind: "patch", seq: 3, set: { text: "b" } }));
    draw(null, page);
    expect(seen).toEqual(["a", "b"]);
  });

  test("a field called __proto__ is a field", () => {
    const { model, store } = connect();
    model.custom(JSON.parse('{"kind":"snapshot","seq":1,"state":{"__proto__":{"polluted":1}}}'));
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(store.field("__proto__").value).toEqual({ polluted: 1 });
  });

  test("a gap asks at once, then with pauses, until a snapshot comes", () => {
    const { model } = connect();
    model.custom({ kind: "snapshot", seq: 1, state: {} });
    vi.advanceTimersByTime(600);
    model.sent.length = 0;
    model.custom({ kind: "patch", seq: 3, set: {} });
    model.custom({ kind: "patch", seq: 4, set: {} });
    expect(model.sent).toEqual([{ kind: "hello", have: 1 }]);
    vi.advanceTimersByTime(1600);
    expect(hellos(model)).toHaveLength(3);
    model.custom({ kind: "snapshot", seq: 4, state: {} });
    vi.advanceTimersByTime(14_000);
    expect(hellos(model)).toHaveLength(3);
  });

  test("a beat ahead of us asks, one we know does not", () => {
    const { model } = connect();
    model.custom({ kind: "snapshot", seq: 1, state: {} });
    vi.advanceTimersByTime(600);
    model.sent.length = 0;
    model.custom({ kind: "beat", seq: 1 });
    expect(model.sent).toEqual([]);
    model.custom({ kind: "beat", seq: 2 });
    expect(model.sent).toEqual([{ kind: "hello", have: 1 }]);
  });

  test("a newer saved state is shown, and the full one asked for", () => {
    const { model, store } = connect();
    model.custom({ kind: "snapshot", seq: 1, state: {} });
    vi.advanceTimersByTime(600);
    model.sent.length = 0;
    model.sync("_snapshot", { seq: 5, saved_at: T, state: { status: "COMPLETED" } });
    expect(store.field("status").value).toBe("COMPLETED");
    expect(model.sent).toEqual([{ kind: "hello", have: null }]);
  });

  test("garbage changes nothing", () => {
    const { model, store } = connect();
    for (const junk of [null, 1, "x", [], { kind: "patch" }, { kind: "snapshot", seq: "1" }]) model.custom(junk);
    expect(store.field("status").value).toBeUndefined();
  });
});

describe("offline", () => {
  test("is when nothing answers for 4 s; hellos get rare; any message ends it", () => {
    const { model, store } = connect({ seq: 7, saved_at: T - 60_000, state: { status: "EXECUTING" } });
    vi.advanceTimersByTime(3900);
    expect(store.offline.value).toBe(false);
    vi.advanceTimersByTime(200);
    expect(store.offline.value).toBe(true);
    model.sent.length = 0;
    vi.advanceTimersByTime(60_000);
    expect(hellos(model)).toHaveLength(6);
    model.custom({ kind: "beat", seq: 9 });
    expect(store.offline.value).toBe(false);
    model.custom({ kind: "snapshot", seq: 9, state: {} });
    vi.advanceTimersByTime(60_000);
    expect(store.offline.value).toBe(false);
  });

  test("is at once when there is no comm to send on", () => {
    const model = new FakeModel({ _kind: "run", _snapshot: {} });
    model.onSend = () => {
      throw new Error("comm is closed");
    };
    const store = new Store<State>(model);
    store.attach();
    expect(store.offline.value).toBe(true);
  });

  test("is found out when the host says that its connection changed", () => {
    const { model, store } = connect();
    model.custom({ kind: "snapshot", seq: 1, state: {} });
    vi.advanceTimersByTime(10_000);
    model.emit("comm_live_update");
    vi.advanceTimersByTime(4100);
    expect(store.offline.value).toBe(true);
  });
});

test("the clocks' difference comes from the kernel's messages, not from what was saved", () => {
  const { model, store } = connect({ seq: 1, saved_at: T - 60_000, state: { now: T - 60_000 } });
  expect(store.skew.value).toBe(0);
  model.custom({ kind: "snapshot", seq: 2, state: { now: T - 5000 } });
  expect(store.skew.value).toBe(5000);
  expect(store.asOf.value).toBe(T - 5000);
});

describe("actions", () => {
  test("resolve with the kernel's answer", async () => {
    const { model, store } = connect();
    const done = store.act("cancel", { hard: true });
    const { id, ...rest } = model.sent.at(-1) ?? {};
    expect(rest).toEqual({ kind: "action", name: "cancel", args: { hard: true } });
    model.custom({ kind: "reply", id: "another", ok: true });
    model.custom({ kind: "reply", id, ok: false, error: "403: not allowed" });
    expect(await done).toMatchObject({ ok: false, error: "403: not allowed" });
  });

  test("are sent again under the same id when the kernel answers hellos but not them", () => {
    const { model, store } = connect();
    model.custom({ kind: "snapshot", seq: 1, state: {} });
    void store.act("cancel");
    vi.advanceTimersByTime(3100);
    model.custom({ kind: "beat", seq: 1 });
    const actions = model.sent.filter((message) => message["kind"] === "action");
    expect(actions).toHaveLength(2);
    expect(actions[0]).toEqual(actions[1]);
  });

  test("go again while one patch comes after the other", () => {
    const { model, store } = connect();
    model.custom({ kind: "snapshot", seq: 1, state: {} });
    void store.act("cancel");
    for (let seq = 2; seq < 42; seq++) {
      vi.advanceTimersByTime(100);
      model.custom({ kind: "patch", seq, set: { status: String(seq) } });
    }
    expect(model.sent.filter((message) => message["kind"] === "action")).toHaveLength(2);
  });

  test("go again with each hello, so that no more than one message has to come through, and not as a pile", () => {
    const { model, store } = connect();
    model.custom({ kind: "snapshot", seq: 1, state: {} });
    void store.act("cancel");
    const actions = () => model.sent.filter((message) => message["kind"] === "action").length;
    vi.advanceTimersByTime(3100);
    expect(actions()).toBe(2);
    vi.advanceTimersByTime(600_000);
    expect(actions()).toBeGreaterThan(50);
    expect(actions()).toBeLessThan(70);
  });
});

describe("views", () => {
  test("share the one store of their model, which lets go with the last", () => {
    const model = new FakeModel({ _kind: "run", _snapshot: {} });
    expect(storeOf(model)).toBe(storeOf(model));
    const [first, second] = [storeOf(model).attach(), storeOf(model).attach()];
    expect(hellos(model)).toHaveLength(1);
    first();
    first();
    expect(model.listeners()).toBeGreaterThan(0);
    second();
    expect(model.listeners()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("merges", () => {
  test("are made in place, never in what came from elsewhere, while nobody compares the object", () => {
    const saved = { seq: 1, saved_at: T, state: { rows: { a: 1 } } };
    const { model, store } = connect(saved);
    const rows = store.field("rows");
    model.custom({ kind: "patch", seq: 2, merge: { rows: { b: 2 } } });
    const mine = rows.peek();
    model.custom({ kind: "patch", seq: 3, merge: { rows: { a: null, c: 3 } } });
    expect(rows.peek()).toBe(mine);
    expect([mine, saved.state.rows]).toEqual([{ b: 2, c: 3 }, { a: 1 }]);
  });

  test("give a view that reads the field another object each time", async () => {
    const { model, store } = connect();
    const seen: unknown[] = [];
    const View = () => (seen.push(store.field("rows").value), null);
    await act(() => draw(h(View, null), document.body));
    await act(() => model.custom({ kind: "snapshot", seq: 1, state: { rows: {} } }));
    for (let i = 2; i < 5; i++) await act(() => model.custom({ kind: "patch", seq: i, merge: { rows: { [i]: i } } }));
    await act(() => draw(null, document.body));
    expect(seen).toEqual([undefined, {}, { 2: 2 }, { 2: 2, 3: 3 }, { 2: 2, 3: 3, 4: 4 }]);
  });
});
