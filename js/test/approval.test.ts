import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { approvalScenes } from "./approval-scenes.js";
import { type FakeModel, liveModel } from "./fake-model.js";
import { CORPUS, actions, button, clear, click, expectInert, patch, show, showLive, showSaved, text } from "./stage.js";

const T = new Date(2026, 10, 23, 14, 3, 22).getTime();
beforeEach(() => void vi.useFakeTimers({ now: T }));
afterEach(() => {
  clear();
  vi.useRealTimers();
});
const scene = (name: string) => approvalScenes(T).find((each) => each.name === name) ?? expect.fail(name);
const showScene = (name: string) => (scene(name).offline ? showSaved : showLive)(scene(name).state, "approval");
const asking = (more: object = {}) => liveModel({ ...scene("asking").state, ...more }, "approval");
const pass = (ms: number) => act(() => void vi.advanceTimersByTime(ms));
const box = (el: Element) => el.querySelector("textarea") ?? expect.fail("no comment box");
const type = (el: Element, words: string) =>
  act(() => {
    box(el).value = words;
    box(el).dispatchEvent(new Event("input", { bubbles: true }));
  });
const press = (el: Element, init: KeyboardEventInit) => {
  const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, composed: true, ...init });
  return act(() => void el.dispatchEvent(event)).then(() => event);
};
const answer = (model: FakeModel, reply: object) => act(async () => model.custom({ kind: "reply", id: actions(model).at(-1)?.["id"], ...reply }));
const phase = (el: Element) => el.querySelector(".tw-card")?.getAttribute("data-phase");
const badge = (el: Element) => text(el.querySelector(".tw-badge"));

describe("every state", () => {
  test.each<[name: string, ...words: string[]]>([
    ["connecting", "Connecting"],
    ["asking", "Needs you", "23 h 41 m left", "Publish the Q3 report", "$38.20", "Approve", "Reject", "Comment", "to approve"],
    ["asking, no prompt, no timeout", "Approval", "Needs you"],
    ["asking, last seconds", "42 s left"],
    ["asking, time is up", "time is up"],
    ["cannot answer", "This token may only read"],
    ["sending", "Sending", "Approving"],
    ["sending a no", "Sending", "Rejecting"],
    ["failed", "Not sent", "connection refused. You can try again.", "Approve"],
    ["sent", "Sent", "You approved", "Looks right.", "may not read the token"],
    ["approved", "Approved", "Approved by ana", "14:03:18, after 17 m 56 s", "Publish the Q3 report"],
    ["approved with a comment", "Looks right."],
    ["rejected", "Rejected", "Rejected by ana", "counts the trial accounts."],
    ["approved elsewhere", "Approved by ben, elsewhere"],
    ["decided elsewhere by nobody known", "Rejected elsewhere"],
    ["answered with data", "Answered by ana", "All customers"],
    ["approved with more data", "limit: 1284"],
    ["timed out", "Timed out", "Nobody answered in time"],
    ["offline, asking", "The kernel does not answer"],
    ["offline, approved", "Approved by ana"],
    ["fault", "No data", "There is no wait token"],
  ])("%s", async (name, ...words) => {
    const el = await showScene(name);
    for (const word of words) expect(text(el)).toContain(word);
    expect(text(el)).not.toMatch(/undefined|NaN|\[object/);
    expectInert(el);
  });

  test("nobody is asked where nobody can answer", async () => {
    for (const name of ["connecting", "cannot answer", "sent", "approved", "timed out", "offline, asking", "fault"]) {
      const el = await showScene(name);
      expect([...el.querySelectorAll("button")].map(text).filter((words) => /Approve|Reject/.test(words))).toEqual([]);
      expect(el.querySelector("textarea")).toBeNull();
    }
  });

  test("the time left counts down", async () => {
    const el = await showScene("asking, last seconds");
    await pass(3000);
    expect(text(el)).toContain("39 s left");
    await pass(60_000);
    expect(text(el)).toContain("time is up");
  });
});

describe("answers", () => {
  test("Approve sends once however often it is clicked, with the comment, and says so at once", async () => {
    const model = asking();
    const el = await show(model);
    await type(el, "  Looks right. ");
    await act(() => {
      button(el, "Approve").click();
      button(el, "Approve").click();
    });
    await click(button(el, "Approving"));
    expect(actions(model)).toMatchObject([{ name: "complete", args: { approved: true, comment: "Looks right." } }]);
    expect([badge(el), phase(el)]).toEqual(["Sending", "sending"]);
    await answer(model, { ok: true });
    expect(badge(el)).toBe("Sending");
    await patch(model, 2, { set: { phase: "accepted", status: "COMPLETED", completed_at: T, decision: { approved: true, comment: "Looks right.", by: "ana", at: T } } });
    expect(badge(el)).toBe("Approved");
    expect(el.querySelector("textarea")).toBeNull();
  });

  test("Reject asks once more, and a double click rejects nothing", async () => {
    const model = asking();
    const el = await show(model);
    await click(button(el, "Reject"));
    expect(text(document.activeElement)).toBe("Back");
    await click(document.activeElement as HTMLElement);
    expect(actions(model)).toEqual([]);
    await click(button(el, "Reject"));
    await click(button(el, "Yes, reject"));
    expect(actions(model)).toMatchObject([{ name: "complete", args: { approved: false, comment: "" } }]);
    expect(text(el)).toContain("Rejecting");
  });

  test("a form is checked here and sent as it was written, with what was filled in before", async () => {
    const model = liveModel({ ...scene("form").state, payload: "{}" }, "approval");
    const el = await show(model);
    await click(button(el, "Approve"));
    expect(actions(model)).toEqual([]);
    expect(el.querySelector("[aria-invalid=true]")).not.toBeNull();
    clear();
    const filled = liveModel({ ...scene("form").state }, "approval");
    await click(button(await show(filled), "Approve"));
    expect(actions(filled)).toMatchObject([{ args: { approved: true, data: { audience: "All customers" } } }]);
  });

  test("one answer has one button and says neither yes nor no", async () => {
    const model = liveModel({ ...scene("form, one answer").state }, "approval");
    const el = await show(model);
    expect(text(el)).not.toMatch(/Approve\b|Reject/);
    await click(button(el, "Send answer"));
    expect(actions(model)[0]?.["args"]).not.toHaveProperty("approved");
    expect(badge(el)).toBe("Sending");
  });

  test("a yes that matters is asked for once more, and not given by a key", async () => {
    const model = liveModel({ ...scene("asks before a yes").state }, "approval");
    const el = await show(model);
    expect(text(el)).not.toContain("to approve");
    box(el).dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, composed: true }));
    await click(button(el, "Approve"));
    expect(actions(model)).toEqual([]);
    await click(button(el, "Yes, approve"));
    expect(actions(model)).toHaveLength(1);
  });

  test("a click that was refused gives the buttons and the comment back", async () => {
    const model = asking();
    const el = await show(model);
    await type(el, "yes");
    await click(button(el, "Approve"));
    await answer(model, { ok: false, error: "403: not allowed" });
    expect(text(el)).toContain("403: not allowed");
    expect([badge(el), box(el).value]).toEqual(["Needs you", "yes"]);
    await click(button(el, "Approve"));
    expect(actions(model)).toHaveLength(2);
  });

  test("an answer that the server did not get can be given again", async () => {
    const model = asking();
    const el = await show(model);
    await click(button(el, "Approve"));
    await answer(model, { ok: true });
    await patch(model, 2, { set: { phase: "sending" } });
    await patch(model, 3, { set: { phase: "failed", reason: "Cannot reach the server." } });
    expect(text(el)).toContain("Cannot reach the server. You can try again.");
    await click(button(el, "Approve"));
    expect([badge(el), actions(model).length]).toEqual(["Sending", 2]);
  });

  test("what others decided before is what is shown, not what was clicked here", async () => {
    const model = asking();
    const el = await show(model);
    await click(button(el, "Approve"));
    await patch(model, 2, { set: { phase: "elsewhere", decision: { approved: false, by: "ben" } } });
    expect(badge(el)).toBe("Rejected");
    expect(text(el)).toContain("Rejected by ben, elsewhere");
  });

  test("a kernel that took it and says nothing does not leave the card sending for ever", async () => {
    const model = asking();
    const el = await show(model);
    await click(button(el, "Approve"));
    await answer(model, { ok: true });
    await pass(9000);
    expect(badge(el)).toBe("Needs you");
  });

  test("a busy kernel is named", async () => {
    const model = asking();
    const el = await show(model);
    await click(button(el, "Approve"));
    await pass(3100);
    expect(text(el)).toContain("The kernel is busy");
  });

  test("the focus stays in the card when the question is gone", async () => {
    const model = asking();
    const el = await show(model);
    button(el, "Approve").focus();
    await patch(model, 2, { set: { phase: "accepted", decision: { approved: true } } });
    expect(document.activeElement).toBe(el.querySelector(".tw-card"));
  });
});

describe("keys", () => {
  test.each([{ ctrlKey: true }, { metaKey: true }])("%j and Enter in the card approves, and the notebook does not see it", async (keys) => {
    const model = asking();
    const el = await show(model);
    const notebook = vi.fn();
    document.addEventListener("keydown", notebook, true);
    const event = await press(box(el), keys);
    document.removeEventListener("keydown", notebook, true);
    expect(actions(model)).toMatchObject([{ args: { approved: true } }]);
    expect([event.defaultPrevented, notebook.mock.calls.length]).toEqual([true, 0]);
  });

  test.each<[string, KeyboardEventInit]>([["Enter alone", {}], ["Shift+Enter", { shiftKey: true }], ["a held key", { ctrlKey: true, repeat: true }], ["another key", { ctrlKey: true, key: "s" }]])(
    "%s approves nothing", async (_name, keys) => {
      const model = asking();
      await press(box(await show(model)), keys);
      expect(actions(model)).toEqual([]);
    });

  test("the same keys outside of the card, in another, or over the question whether to reject, approve nothing", async () => {
    const [model, other] = [asking(), asking()];
    const [el, second] = [await show(model), await show(other)];
    await press(document.body, { ctrlKey: true });
    await press(box(second), { ctrlKey: true });
    expect([actions(model).length, actions(other).length]).toEqual([0, 1]);
    await click(button(el, "Reject"));
    await press(button(el, "Back"), { ctrlKey: true });
    expect(actions(model)).toEqual([]);
  });

  test("nothing listens once the card is decided or gone", async () => {
    const model = asking();
    const el = await show(model);
    await patch(model, 2, { set: { phase: "accepted", decision: { approved: true } } });
    await press(el.querySelector(".tw-card") ?? el, { ctrlKey: true });
    clear();
    await press(document.body, { ctrlKey: true });
    expect(actions(model)).toEqual([]);
    expect(model.listeners()).toBe(0);
  });
});

describe("hostile text", () => {
  test.each(CORPUS)("%j in every field stays inert", async (evil) => {
    vi.useRealTimers();
    for (const phase of ["asking", "sending", "sent", "accepted", "elsewhere", "timed_out", "failed", evil]) {
      for (const complete of [true, evil]) {
        const decision = { approved: null, comment: evil, by: evil, output: { [evil]: evil }, at: 1 };
        const state = { token_id: evil, title: evil, run_id: evil, prompt: evil, status: evil, timeout_at: 1, created_at: 1, completed_at: 2, phase, decision, reason: evil, can: { complete }, connection: { state: "retrying", reason: evil }, fault: evil, now: 1 };
        expectInert(await showLive(state, "approval"));
      }
    }
  });
});
