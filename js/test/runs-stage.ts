/** What the tests of the card have in common. */
import { act } from "preact/test-utils";
import { expect, vi } from "vitest";
import { liveModel } from "./fake-model.js";
import { row, rowsOf, runId, runsScenes } from "./runs-scenes.js";
import { showLive, showSaved, text } from "./stage.js";

export const T = new Date(2026, 10, 23, 14, 3, 22).getTime();
export const scene = (name: string) => runsScenes(T).find((each) => each.name === name) ?? expect.fail(name);
export const showScene = (name: string) => (scene(name).offline ? showSaved : showLive)(scene(name).state, "runs");
export const pass = (ms: number) => act(() => void vi.advanceTimersByTime(ms));
export const lines = (el: Element) => [...el.querySelectorAll<HTMLElement>(".tw-tbody [role=row]")];
export const line = (el: Element, i: number) => lines(el).find((each) => each.dataset["run"] === runId(i)) ?? expect.fail(`no row ${i}`);
export const cell = (el: Element, i: number, column: string) => text(line(el, i).querySelector(`.tw-td-${column}`));
export const ids = (el: Element) => lines(el).map((each) => each.dataset["run"]);
export const badge = (el: Element) => text(el.querySelector(".tw-head .tw-badge"));
export const grid = (el: Element) => el.querySelector<HTMLElement>("[role=grid]") ?? expect.fail("no grid");
export const press = (el: Element, key: string, more: KeyboardEventInit = {}) =>
  act(() => void el.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more })));
export const filter = (el: Element, words: string) =>
  act(() => {
    const box = el.querySelector<HTMLInputElement>(".tw-words") ?? expect.fail("no filter");
    box.value = words;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
export const shift = (at: HTMLElement, more: MouseEventInit) => act(() => void at.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...more })));
export const chosen = (el: Element) => [...el.querySelectorAll<HTMLElement>("[aria-selected=true]")].map((each) => each.dataset["run"]);
export const range = (n: number) => Array.from({ length: n }, (_, i) => i);
export const table = (n: number, status = "EXECUTING", more: object = {}) =>
  liveModel({ title: "score-rows", total: n, done: false, can: { cancel: true, replay: true }, connection: { state: "live" }, now: T, ...rowsOf(range(n).map((i) => row(T, i, status))), ...more }, "runs");
