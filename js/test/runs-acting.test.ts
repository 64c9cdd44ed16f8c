import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeModel, liveModel } from "./fake-model.js";
import { row, rowsOf, runId } from "./runs-scenes.js";
import { actions, button, clear, click, patch, show, text } from "./stage.js";
import { T, showScene, pass, line, cell, grid, press, filter, shift, chosen, range, table } from "./runs-stage.js";

const choices = (model: FakeModel) => actions(model).filter((each) => each["name"] === "select");
const deeds = (model: FakeModel) => actions(model).filter((each) => each["name"] !== "select");

beforeEach(() => void vi.useFakeTimers({ now: T }));
afterEach(() => {
  clear();
  vi.useRealTimers();
});

describe("choosing and canceling", () => {
  const box = (el: Element, i: number) => line(el, i).querySelector<HTMLInputElement>("input") ?? expect.fail(`no box ${i}`);
  const confirm = async (el: Element) => {
    await click(button(el, "Cancel "));
    await click(button(el, "Yes, cancel"));
  };

  test("what a token cannot do is not there, and why", async () => {
    const el = await show(table(3, "EXECUTING", { can: { cancel: "this token may read", replay: "only a secret key" } }));
    await click(box(el, 1));
    expect(text(el)).toContain("1 selected");
    expect([...el.querySelectorAll("button")].map(text).filter((words) => /Cancel|Replay/.test(words))).toEqual([]);
    expect(el.querySelector(".tw-why")?.getAttribute("title")).toBe("this token may read\nonly a secret key");
  });

  test("is impossible without a kernel", async () => {
    const el = await showScene("offline, executing");
    expect(el.querySelector("input[type=checkbox]")).toBeNull();
    await press(grid(el), "ArrowDown");
    await press(grid(el), " ");
    expect(chosen(el)).toEqual([]);
  });

  test("by boxes, with Shift all between, asks once and sends the ids", async () => {
    const model = table(9);
    const el = await show(model);
    await click(box(el, 2));
    await shift(box(el, 5), { shiftKey: true });
    expect(chosen(el)).toEqual([2, 3, 4, 5].map(runId));
    expect(box(el, 4).checked).toBe(true);
    expect(deeds(model)).toEqual([]);
    await click(button(el, "Cancel 4"));
    expect(text(el)).toContain("Cancel 4 runs?");
    await click(button(el, "Yes, cancel"));
    expect(deeds(model)).toMatchObject([{ name: "cancel", args: { ids: [2, 3, 4, 5].map(runId) } }]);
    expect([cell(el, 3, "status"), cell(el, 6, "status")]).toEqual(["Canceling", "Executing"]);
    await press(grid(el), "Escape");
    expect(chosen(el)).toEqual([]);
  });

  test("all that pass the filter; each button says for how many it is", async () => {
    const model = table(300, "EXECUTING", rowsOf(range(300).map((i) => row(T, i, i % 3 ? "EXECUTING" : "COMPLETED"))));
    const el = await show(model);
    await filter(el, "100");
    await click(el.querySelector<HTMLElement>(".tw-thead input") ?? expect.fail());
    expect(text(el)).toContain("11 selected");
    await confirm(el);
    expect(deeds(model)).toMatchObject([{ name: "cancel", args: { ids: [1, 2, 4, 5, 7, 8, 100].map(runId) } }]);
    await act(async () => {
      model.custom({ kind: "reply", id: deeds(model)[0]?.["id"], ok: true });
      await vi.advanceTimersByTimeAsync(0);
    });
    await click(button(el, "Replay 4"));
    expect(text(el)).toContain("Run 4 runs again?");
    await click(button(el, "Yes, replay"));
    expect(actions(model).at(-1)).toMatchObject({ name: "replay", args: { ids: [0, 3, 6, 9].map(runId) } });
  });

  test("one is replayed at once, and the new run can be opened", async () => {
    const model = table(3, "FAILED");
    const el = await show(model);
    await click(box(el, 1));
    await click(button(el, "Replay 1"));
    expect(deeds(model)).toMatchObject([{ name: "replay", args: { ids: [runId(1)] } }]);
    await patch(model, 2, { set: { replayed: [runId(77)] } });
    expect(text(el)).toContain("Replayed as run_");
    await click(button(el, "Open"));
    expect(actions(model).at(-1)).toMatchObject({ name: "open", args: { id: runId(77) } });
    await click(button(el, "Dismiss"));
    expect(text(el)).not.toContain("Replayed as");
  });

  describe("is told to the kernel", () => {
    const told = (model: FakeModel) => choices(model).map((each) => (each["args"] as { ids: string[] }).ids);
    const answer = (model: FakeModel, n: number) =>
      act(async () => {
        model.custom({ kind: "reply", id: choices(model)[n]?.["id"], ok: true });
        await vi.advanceTimersByTimeAsync(0);
      });

    test("at once, before anything else that is clicked", async () => {
      const model = table(5);
      const el = await show(model);
      await press(grid(el), "a", { ctrlKey: true });
      expect(text(el)).toContain("5 selected");
      expect(told(model)).toEqual([range(5).map(runId)]);
    });

    test("in quick succession not each time, and the last for certain", async () => {
      const model = table(9);
      const el = await show(model);
      for (const i of range(9)) await click(box(el, i));
      expect(told(model)).toEqual([[runId(0)]]);
      await pass(200);
      expect(told(model).slice(1)).toEqual([range(9).map(runId)]);
      await pass(1000);
      await click(box(el, 0));
      expect(told(model)).toHaveLength(3);
    });

    test("also when the view is closed right after", async () => {
      const model = table(9);
      const el = await show(model);
      await click(box(el, 0));
      await click(box(el, 1));
      await act(clear);
      expect(told(model)).toEqual([[runId(0)], [runId(0), runId(1)]]);
    });

    test("and what it tells is chosen, once it has heard what was chosen here", async () => {
      const model = table(5);
      const el = await show(model);
      await click(box(el, 0));
      await patch(model, 2, { set: { selected: [runId(3)] } }); // of before it had heard of 0
      expect(chosen(el)).toEqual([runId(0)]);
      await patch(model, 3, { set: { selected: [runId(0)] } });
      await click(box(el, 1));
      await answer(model, 0);
      expect(chosen(el)).toEqual([0, 1].map(runId));
      await pass(200);
      await patch(model, 4, { set: { selected: [0, 1].map(runId) } });
      await answer(model, 1);
      expect(chosen(el)).toEqual([0, 1].map(runId));
      await patch(model, 5, { set: { selected: [runId(2)] } });
      expect(chosen(el)).toEqual([runId(2)]);
    });

    test("is given up when it refuses", async () => {
      const model = table(5, "EXECUTING", { selected: [] });
      const el = await show(model);
      await click(box(el, 0));
      await answer(model, 0);
      expect(chosen(el)).toEqual([]);
    });
  });

  test("a run that ends cannot be canceled any more", async () => {
    const model = table(3);
    const el = await show(model);
    await click(box(el, 0));
    await click(box(el, 1));
    await patch(model, 2, { merge: { rows: { [runId(1)]: row(T, 1, "COMPLETED") } } });
    await pass(17);
    expect(button(el, "Cancel 1")).toBeTruthy();
  });

  test("with many says how far it is", async () => {
    expect(text(await showScene("canceling many"))).toContain("Canceling: 12 of 40");
  });

  test("that is refused says why, and the rows are as they were", async () => {
    const model = table(3);
    const el = await show(model);
    await click(box(el, 1));
    await confirm(el);
    await act(async () => {
      model.custom({ kind: "reply", id: deeds(model)[0]?.["id"], ok: false, error: "403: no" });
      await vi.advanceTimersByTimeAsync(0);
    });
    expect(text(el.querySelector("[role=alert]"))).toBe("Not canceled: 403: no");
    expect(cell(el, 1, "status")).toBe("Executing");
  });
});

describe("keys", () => {
  test("walk, choose, extend, open", async () => {
    const model = table(40);
    const el = await show(model);
    const at = () => el.querySelector<HTMLElement>("[data-active]")?.dataset["run"];
    await act(() => grid(el).focus());
    expect(at()).toBe(runId(0));
    await press(grid(el), "ArrowDown");
    await press(grid(el), " ");
    await press(grid(el), "ArrowDown", { shiftKey: true });
    await press(grid(el), "ArrowDown", { shiftKey: true });
    expect(chosen(el)).toEqual([1, 2, 3].map(runId));
    await press(grid(el), "Escape");
    expect(chosen(el)).toEqual([]);
    await press(grid(el), "PageDown");
    expect(at()).toBe(runId(12));
    await press(grid(el), "End");
    expect(at()).toBe(runId(39));
    await press(grid(el), "Enter");
    expect(actions(model).at(-1)).toMatchObject({ name: "open", args: { id: runId(39) } });
    await press(grid(el), "Escape");
    expect(actions(model).at(-1)).toMatchObject({ name: "close" });
  });

  test("of a head or a box are their own", async () => {
    const model = table(3);
    const el = await show(model);
    await press(button(grid(el), "Status"), "Enter");
    expect(actions(model)).toEqual([]);
  });

  test("go from the words to the rows", async () => {
    const el = await show(table(3));
    await press(el.querySelector(".tw-words") as Element, "ArrowDown");
    expect(document.activeElement).toBe(grid(el));
  });

  test("copy the ids of what is chosen", async () => {
    const el = await show(table(3));
    await act(() => grid(el).focus());
    const setData = vi.fn();
    const copy = Object.assign(new Event("copy", { bubbles: true, cancelable: true }), { clipboardData: { setData } });
    await act(() => void grid(el).dispatchEvent(copy));
    expect(setData).toHaveBeenCalledWith("text/plain", runId(0));
  });
});

test("a click opens a row below, but not one on its id; another click closes it", async () => {
  const model: FakeModel = table(3);
  model.widget_manager = { get_model: async (id) => liveModel({ run_id: id, task: "the-child", status: "COMPLETED" }) };
  const el = await show(model);
  await click(line(el, 1).querySelector<HTMLElement>(".tw-copy") ?? expect.fail());
  expect(actions(model)).toEqual([]);
  await click(line(el, 1));
  expect(actions(model)).toMatchObject([{ name: "open", args: { id: runId(1) } }]);
  await act(async () => model.custom({ kind: "patch", seq: 2, set: { child: { id: runId(1), model: "IPY_MODEL_abc" } } }));
  await act(async () => void (await vi.advanceTimersByTimeAsync(0)));
  expect(text(el.querySelector(".tw-open"))).toContain("the-child");
  expect(line(el, 1).dataset["open"]).toBe("true");
  await click(line(el, 1));
  expect(actions(model).at(-1)).toMatchObject({ name: "close" });
  expect(el.querySelector(".tw-open")).toBeNull();
});
