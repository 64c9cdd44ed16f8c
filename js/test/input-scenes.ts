/** Every state an input's card can be in, for the tests and the gallery. `T` is now, in epoch ms. */
import type { InputState, Sent } from "../src/input/state.js";

export interface InputScene {
  name: string;
  state: Partial<InputState>;
  offline?: boolean;
  width?: number;
}

export function inputScenes(T: number): InputScene[] {
  const said = (data: unknown, more: Partial<Sent> = {}): Sent => ({ key: null, data, at: T - 60_000, state: "sent", reason: null, ...more });
  const open = (more: Partial<InputState> = {}): Partial<InputState> => ({
    run_id: "run_cm4k0a1b2c3d4e5f6x7q2",
    task: "research-agent",
    stream: "chat",
    mode: "chat",
    schema: { type: "string" },
    payload: "",
    problem: null,
    status: "EXECUTING",
    sent: {},
    earlier: 0,
    can: { send: true },
    done: false,
    now: T,
    connection: { state: "live", reason: null },
    hint: null,
    fault: null,
    ...more,
  });
  const talk = { s1: said("Look at the northern region first."), s2: said("And leave out the trial accounts: they are counted twice in ARPU, as far as I can see.\nTell me when you are done.") };
  const over: Partial<InputState> = { done: true, status: "COMPLETED", can: { send: "The run has ended (completed): nothing can be sent to it." }, connection: { state: "closed" } };
  const schema = {
    type: "object",
    required: ["action"],
    properties: { action: { enum: ["continue", "pause", "stop"], title: "Action" }, budget: { type: "integer", minimum: 1, maximum: 100, title: "Budget", default: 10 }, note: { type: "string", title: "Note" } },
  };
  const form = { mode: "form" as const, stream: "control", schema };
  return [
    { name: "connecting", state: {} },
    { name: "open", state: open() },
    { name: "open, no worker", state: open({ status: "PENDING_VERSION", hint: "No running worker has the task “research-agent”: run the cell that defines it." }) },
    { name: "sent", state: open({ sent: talk }) },
    { name: "sending", state: open({ sent: { ...talk, s3: said("How far are you?", { state: "sending" }) } }) },
    { name: "failed", state: open({ sent: { ...talk, s3: said("How far are you?", { state: "failed", reason: "Cannot reach http://127.0.0.1:45127: connection refused." }) } }) },
    { name: "many", state: open({ earlier: 1204, sent: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`s${i}`, said(`message ${i}`)])) }) },
    { name: "ended", state: open({ ...over, sent: talk }) },
    { name: "ended, nothing sent", state: open(over) },
    { name: "cannot send", state: open({ can: { send: "This token may not send to the input streams of this run; another one can." } }) },
    { name: "cannot read", state: open({ status: null, task: null, connection: { state: "closed", reason: null }, hint: "This token may send to the run, not read it: whether the run still listens is not known." }) },
    { name: "reconnecting", state: open({ sent: talk, connection: { state: "retrying", reason: "connection refused" } }) },
    { name: "form", state: open(form) },
    { name: "form, sent", state: open({ ...form, sent: { s1: said({ action: "pause", budget: 10 }), s2: said({ action: "continue", budget: 25, note: "go on with the south" }) } }) },
    { name: "form, refused", state: open({ ...form, problem: { message: "One field needs attention.", fields: { "/budget": "Input should be less than 20" } } }) },
    { name: "json", state: open({ mode: "form", schema: null, payload: "" }) },
    { name: "offline", offline: true, state: open({ sent: talk }) },
    { name: "offline, ended", offline: true, state: open({ ...over, sent: talk }) },
    { name: "fault", state: open({ status: null, task: null, fault: "There is no run “run_doesnotexist0000” on http://127.0.0.1:45127.", connection: { state: "failed" } }) },
    { name: "narrow", width: 320, state: open({ sent: talk }) },
    { name: "long names", state: open({ task: "a-task-with-a-name-that-is-much-longer-than-anybody-would-wish-for-in-a-cell", sent: { s1: said("w".repeat(300)) } }) },
  ];
}
