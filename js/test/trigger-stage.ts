/** What the tests of the card have in common. */
import { act } from "preact/test-utils";
import { expect, vi } from "vitest";
import { type FakeModel, liveModel } from "./fake-model.js";
import { actions, show, showSaved, text } from "./stage.js";
import { triggerScenes } from "./trigger-scenes.js";

export const T = new Date(2026, 10, 23, 14, 3, 22).getTime();
export const scene = (name: string) => triggerScenes(T).find((each) => each.name === name) ?? expect.fail(name);
export function modelOf(name: string): FakeModel {
  const { state, child } = scene(name);
  const model = liveModel({ ...state }, "trigger");
  model.widget_manager = { get_model: async (id) => (child && id === "child0" ? liveModel({ ...child }) : Promise.reject(new Error("no such model"))) };
  return model;
}
export const showScene = (name: string) => (scene(name).offline ? showSaved(scene(name).state, "trigger") : show(modelOf(name)));
export const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms).then(() => {}));
export const at = (el: Element, pointer: string) => el.querySelector<HTMLInputElement>(`[data-pointer="${pointer}"]`) ?? expect.fail(`no field ${pointer}`);
export const box = (el: Element) => el.querySelector("textarea") ?? expect.fail("no box");
export const write = (field: HTMLInputElement | HTMLTextAreaElement, words: string, event = "input") =>
  act(() => {
    field.value = words;
    field.dispatchEvent(new Event(event, { bubbles: true }));
  });
export const about = (field: Element) => text(document.getElementById(`${field.id}-about`));
export const payloads = (model: FakeModel) => actions(model).map((each) => (each["args"] as { payload: unknown }).payload);
export const answer = (model: FakeModel, reply: object) =>
  act(async () => {
    model.custom({ kind: "reply", id: actions(model).at(-1)?.["id"], ...reply });
    await vi.advanceTimersByTimeAsync(600);
  });
export const enter = (el: Element, init: KeyboardEventInit) =>
  act(() => void el.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, composed: true, ...init })));
