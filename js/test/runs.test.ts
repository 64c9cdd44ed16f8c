import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FIELDS, row, rowsOf, runId } from "./runs-scenes.js";
import { CORPUS, actions, button, clear, click, expectInert, patch, show, showLive, text } from "./stage.js";
import { T, showScene, pass, lines, line, cell, ids, badge, grid, press, filter, shift, range, table } from "./runs-stage.js";

beforeEach(() => void vi.useFakeTimers({ now: T }));
afterEach(() => {
  clear();
  vi.useRealTimers();
});

describe("every state", () => {
  test.each<[name: string, ...words: string[]]>([
    ["connecting", "Connecting"],
    ["connecting, title known", "Connecting", "score-rows", "batch_93kd…5c4z", "0 / 500"],
    ["waiting for the first run", "Waiting", "Waiting for the first run"],
    ["no runs with the tag", "user-123, q3", "No runs with this tag in the last 24 hours."],
    ["no runs with the tag, no hint", "No runs with this tag yet."],
    ["queued", "Queued", "0 / 500"],
    ["no worker", "Waiting for a worker", "run the cell that defines it"],
    ["executing", "Running", "73 %", "365 / 500 finished", "12.4/s", "about 45 s left", "44.0 s", "All 500", "Completed 356", "Failed 13", "Queued 63"],
    ["every status", "System failure", "Some new one", "Waiting for a worker", "50 %"],
    ["several tasks", "train-model region: north", "publish-report", "read only"],
    ["up to date", "Up to date", "4 / 4"],
    ["completed", "Completed", "500 / 500 finished", "took"],
    ["done, some failed", "16 failed"],
    ["done, some canceled", "69 not run"],
    ["offline, executing", "Running", "The kernel does not answer"],
    ["offline, completed", "Completed"],
    ["fault", "No data", "There is no batch"],
  ])("%s", async (name, ...words) => {
    const el = await showScene(name);
    for (const word of words) expect(text(el)).toContain(word);
    expect(text(el)).not.toMatch(/undefined|NaN|\[object/);
  });

  test("the bar tells how many are over", async () => {
    const bar = (await showScene("executing")).querySelector("[role=progressbar]");
    expect(bar?.getAttribute("aria-valuenow")).toBe("73");
    expect(bar?.getAttribute("aria-valuetext")).toBe("Completed 356, Failed 13, Executing 67, Waiting 1, Queued 63");
  });

  test("only how all of them stand is announced", async () => {
    const model = table(3);
    const el = await show(model);
    const said = () => text(el.querySelector(".tw-sr"));
    await patch(model, 2, { merge: { rows: { [runId(0)]: row(T, 0, "COMPLETED") } } });
    expect(said()).toBe("");
    await patch(model, 3, { set: { done: true, counts: { COMPLETED: 3 } } });
    expect(said()).toBe("score-rows: Completed");
  });
});

describe("rows", () => {
  test("say what a run is", async () => {
    const el = await showLive({ ...rowsOf([row(T, 1, "FAILED"), row(T, 2, "EXECUTING", { fraction: 0.4, started_at: T - 1000 }), row(T, 3, "COMPLETED", { started_at: T - 50, finished_at: T - 38 })]), now: T }, "runs");
    expect(["run", "label", "status", "note"].map((column) => cell(el, 1, column))).toEqual([expect.stringContaining("run_cm4k…"), "Bergamo, 1001", "Failed", "KeyError: 'region'"]);
    expect([cell(el, 2, "progress"), cell(el, 2, "time"), cell(el, 3, "time")]).toEqual(["40 %", "1.0 s", "12 ms"]);
    await pass(700);
    expect([cell(el, 2, "time"), cell(el, 3, "time")]).toEqual(["1.7 s", "12 ms"]);
  });

  test("of which nobody knows more have standing clocks", async () => {
    const el = await showLive({ ...rowsOf([row(T, 2, "EXECUTING", { started_at: T - 1000 })]), now: T, connection: { state: "failed" } }, "runs");
    await pass(5000);
    expect(cell(el, 2, "time")).toBe("1.0 s");
  });

  test("are sorted by creation, then id", async () => {
    const el = await showLive(rowsOf([3, 1, 2].map((i) => row(T, i, "QUEUED", { created_at: i === 3 ? T : T + 5 }))), "runs");
    expect(ids(el)).toEqual([runId(3), ...[runId(1), runId(2)].sort()]);
  });

  test("are sorted by a head, up, down, and as before", async () => {
    const el = await showLive(rowsOf([["b10", 1], ["", 2], ["b9", 3], ["A", 4]].map(([label, i]) => row(T, Number(i), "QUEUED", { label: String(label) }))), "runs");
    const head = el.querySelector<HTMLElement>(".tw-thead .tw-td-label") ?? expect.fail();
    const sorted = async () => {
      await click(button(head, "Label"));
      return [head.getAttribute("aria-sort"), ...ids(el)];
    };
    expect(await sorted()).toEqual(["ascending", ...[4, 3, 1].map(runId), runId(2)]);
    expect(await sorted()).toEqual(["descending", ...[1, 3, 4].map(runId), runId(2)]);
    expect(await sorted()).toEqual(["none", ...[1, 2, 3, 4].map(runId)]);
  });

  test("outside of sight are not drawn, and are found by scrolling and by keys", async () => {
    const el = await show(table(10_000));
    expect(lines(el).length).toBeLessThan(40);
    expect(grid(el).getAttribute("aria-rowcount")).toBe("10001");
    await act(() => {
      grid(el).scrollTop = 33 * 5000;
      grid(el).dispatchEvent(new Event("scroll"));
    });
    expect(ids(el)).toContain(runId(5000));
    expect(ids(el)).not.toContain(runId(0));
    grid(el).focus();
    await press(grid(el), "End");
    expect(ids(el)).toContain(runId(9999));
    expect(grid(el).getAttribute("aria-activedescendant")).toBe(line(el, 9999).id);
  });
});

describe("updates", () => {
  test("are drawn once a frame, and touch only their rows", async () => {
    const model = table(30);
    const el = await show(model);
    const touched = new Set<unknown>();
    const watch = new MutationObserver((records) => records.forEach(({ target }) => touched.add((target instanceof Element ? target : target.parentElement)?.closest("[data-run]")?.getAttribute("data-run"))));
    watch.observe(el.querySelector(".tw-tbody") as Element, { subtree: true, childList: true, characterData: true, attributes: true });
    for (const [i, fraction] of [0.1, 0.2, 0.3].entries()) {
      await patch(model, 2 + i, { merge: { rows: { [runId(4)]: row(T, 4, "EXECUTING", { fraction, started_at: T - 120_000 }) } } });
    }
    expect(cell(el, 4, "progress")).toBe("48 %");
    await pass(17);
    expect(cell(el, 4, "progress")).toBe("30 %");
    watch.takeRecords().forEach(({ target }) => touched.add((target instanceof Element ? target : target.parentElement)?.closest("[data-run]")?.getAttribute("data-run")));
    expect([...touched]).toEqual([runId(4)]);
  });

  test("bring new rows at once and take others away", async () => {
    const model = table(3);
    const el = await show(model);
    await patch(model, 2, { merge: { rows: { [runId(7)]: row(T, 7, "QUEUED"), [runId(1)]: null } } });
    await pass(17);
    expect(ids(el)).toEqual([0, 2, 7].map(runId));
  });

  test("let rows move at most once a second", async () => {
    const model = table(3);
    const el = await show(model);
    await click(button(el, "Executing"));
    await patch(model, 2, { merge: { rows: { [runId(1)]: row(T, 1, "COMPLETED") } } });
    await pass(17);
    expect(ids(el)).toEqual([0, 1, 2].map(runId));
    expect(cell(el, 1, "status")).toBe("Completed");
    await pass(1000);
    expect(ids(el)).toEqual([0, 2].map(runId));
  });

  test("with a new snapshot begin anew", async () => {
    const model = table(3);
    const el = await show(model);
    await act(() => model.custom({ kind: "snapshot", seq: 9, state: { ...rowsOf([row(T, 8, "QUEUED")]) } }));
    await pass(17);
    expect(ids(el)).toEqual([runId(8)]);
  });

  test("leave no timer and no frame behind", async () => {
    const model = table(3);
    await show(model);
    await patch(model, 2, { merge: { rows: { [runId(1)]: row(T, 1, "COMPLETED") } } });
    await act(() => clear());
    await pass(1000);
    expect([model.listeners(), vi.getTimerCount()]).toEqual([0, 0]);
  });
});

describe("filters", () => {
  test("a chip shows its status alone, again all; with Ctrl more than one", async () => {
    const el = await showScene("every status");
    await click(button(el, "Failed"));
    expect(lines(el).map((each) => each.dataset["status"])).toEqual(["FAILED"]);
    expect(button(el, "Failed").getAttribute("aria-pressed")).toBe("true");
    await shift(button(el, "Canceled"), { ctrlKey: true });
    expect(lines(el).map((each) => each.dataset["status"])).toEqual(["FAILED", "CANCELED"]);
    expect(text(el)).toContain("2 of 14 runs");
    await click(button(el, "All"));
    expect(lines(el).length).toBe(14);
  });

  test("a chip that was there stays, with none", async () => {
    const model = table(2);
    const el = await show(model);
    await patch(model, 2, { set: { counts: { COMPLETED: 2 } } });
    expect([...el.querySelectorAll(".tw-chip")].map(text)).toEqual(["All 2", "Completed 2", "Executing 0"]);
  });

  test("words look into what is seen, and Escape forgets them", async () => {
    const el = await showScene("done, some failed");
    await filter(el, "KEYERROR");
    expect(lines(el).length).toBeGreaterThan(0);
    expect(new Set(lines(el).map((each) => each.dataset["status"]))).toEqual(new Set(["FAILED"]));
    await filter(el, "nothing like it");
    expect(text(el)).toContain("No run matches.");
    await press(el.querySelector(".tw-words") as Element, "Escape");
    expect(text(el)).toContain("500 runs");
  });

  test("change the height of nothing", async () => {
    const el = await showScene("done, some failed");
    const before = grid(el).style.height;
    await filter(el, "nothing like it");
    expect(grid(el).style.height).toBe(before);
  });
});

describe("columns", () => {
  const heads = (el: Element) => [...el.querySelectorAll(".tw-thead .tw-td:not(.tw-td-choose)")].map(text);

  test("are those that say most, and what failed says why in their place", async () => {
    const el = await showScene("done, some failed");
    expect(heads(el)).toEqual(["Run", "Label", "Status", "Time", "stage", "score", "decile"]);
    expect(text(line(el, 1))).toContain("0.7717");
    const failed = line(el, 3).querySelector(".tw-td-note");
    expect(text(failed)).toContain("ValueError");
    expect(failed?.getAttribute("aria-colspan")).toBe("2");
  });

  test("are chosen in the view, told to the kernel, and as before when it refuses", async () => {
    const model = table(3, "COMPLETED", FIELDS);
    const el = await show(model);
    await click(button(el, "View"));
    await click(button(el, "fit.r2"));
    expect(heads(el)).toContain("fit.r2");
    expect(actions(model)).toMatchObject([{ name: "arrange", args: { columns: expect.arrayContaining(["status", "metadata.fit.r2"]), sort: null } }]);
    await act(async () => {
      model.custom({ kind: "reply", id: actions(model)[0]?.["id"], ok: false, error: "no" });
      await vi.advanceTimersByTimeAsync(0);
    });
    expect(heads(el)).not.toContain("fit.r2");
  });

  test("that the kernel kept are there again, with their order", async () => {
    const el = await showScene("chosen columns, sorted, selected");
    expect(heads(el)).toEqual(["Label", "Status", "Time", "score", "stage", "Created", "Cost", "Note"]);
    expect(el.querySelector('[aria-sort="descending"]')?.textContent).toContain("score");
    const scores = lines(el).map((each) => Number(text(each.querySelector(".tw-num"))));
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    await click(button(el, "View"));
    await click(button(el, "Reset columns"));
    expect(heads(el)).toContain("decile");
  });

  test("of numbers have bars on the scale of all rows", async () => {
    const el = await showScene("numbers, below and above zero");
    const fill = (i: number) => line(el, i).querySelector<HTMLElement>(".tw-td-number .tw-fill")?.style.transform;
    expect([fill(0), fill(2), fill(5)]).toEqual(["translateX(0%) scaleX(0.4)", "translateX(40%) scaleX(0)", "translateX(40%) scaleX(0.6)"]);
    expect(text(line(el, 0))).toContain("-2,469");
    expect(text(line(el, 5))).toContain("1.00e-5");
    expect([text(line(el, 0)), text(line(el, 1))]).toEqual([expect.stringContaining("yes"), expect.stringContaining("no")]);
  });

  test("each of them sorts", async () => {
    const model = table(40, "COMPLETED", { ...FIELDS, columns: ["label", "task", "progress", "time", "created", "note", "output.score", "metadata.stage"] });
    const el = await show(model);
    for (const name of heads(el)) {
      await click(button(grid(el), name));
      expect(el.querySelector('[aria-sort="ascending"]')?.textContent).toContain(name);
    }
    expect(actions(model)).toHaveLength(8);
  });
});

describe("by task and by time", () => {
  const choose = (el: Element, label: string, value: string) =>
    act(() => {
      const box = el.querySelector<HTMLInputElement>(`[aria-label="${label}"]`) ?? expect.fail(label);
      box.value = value;
      box.dispatchEvent(new Event("change", { bubbles: true }));
    });

  test("rows of one task, of the last minutes, and between two moments", async () => {
    const rows = range(6).map((i) => row(T, i, "COMPLETED", { task: i < 2 ? "a" : "b", created_at: T - i * 60_000 * 4 }));
    const el = await showLive({ ...rowsOf(rows), ...FIELDS, now: T }, "runs");
    await click(button(el, "View"));
    await choose(el, "Runs of which task", "b");
    expect(ids(el)).toEqual([5, 4, 3, 2].map(runId));
    await choose(el, "Runs of which task", "");
    await choose(el, "Created when", "5");
    expect(ids(el)).toEqual([1, 0].map(runId));
    await choose(el, "Created when", "between");
    expect(ids(el)).toHaveLength(6);
    const local = (at: number) => new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
    await choose(el, "Created since", local(T - 13 * 60_000));
    await choose(el, "Created until", local(T - 60_000));
    expect(ids(el)).toEqual([3, 2, 1].map(runId));
    expect(button(el, "View").dataset["on"]).toBe("true");
  });
});

describe("hostile text", () => {
  test.each(CORPUS)("%j in every field stays inert", async (evil) => {
    vi.useRealTimers();
    for (const status of ["EXECUTING", "FAILED", evil]) {
      const each = { id: evil, task: evil, status, created_at: 1, started_at: 2, finished_at: null, fraction: 0.5, label: evil, note: evil, cells: { [evil]: evil, "output.x": evil } };
      const state = { title: evil, subtitle: evil, rows: { [evil]: each, b: { ...each, task: "t" } }, counts: { [evil]: 2, [status]: 1 }, total: 3, done: false, connection: { state: "retrying", reason: evil }, hint: evil, fault: evil, can: { cancel: evil }, fields: { [evil]: evil, "output.x": "text" }, automatic: [evil, "output.x"], sort: evil, replayed: [evil], doing: { name: evil, done: 1, of: 2 } };
      const el = await showLive(state, "runs");
      expectInert(el);
      expect(text(el)).toContain(evil);
    }
  });

  test.each([null, 7, "rows", [1], { a: null }, { a: { status: {}, label: [], fraction: "x", created_at: "x", note: { __html: "<b>" } } }])("rows that are %j break nothing", async (rows) => {
    const el = await showLive({ title: "t", rows, counts: rows, total: "many", finished: [], rate: "fast", eta: {}, can: 7, connection: null, fields: 7, columns: "x", automatic: { a: 1 }, sort: 3, selected: "all", child: null, replayed: 5 }, "runs");
    expectInert(el);
    expect(text(el)).not.toMatch(/\[object|NaN/);
    expect(badge(el)).not.toBe("");
  });
});
