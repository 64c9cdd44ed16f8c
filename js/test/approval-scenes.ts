/** Every state an approval's card can be in, for the tests and the gallery. `T` is now, in epoch ms. */
import type { ApprovalState } from "../src/approval/state.js";

export interface ApprovalScene {
  name: string;
  state: Partial<ApprovalState>;
  offline?: boolean;
  width?: number;
}

const PROMPT = `### Publish the Q3 report to 1,284 readers?

The model flagged two figures as uncertain: **churn** and **ARPU**. The draft is [in the workspace](https://example.org/reports/q3).

| figure | draft | last quarter |
|---|---|---|
| churn | 2.1 % | 1.4 % |
| ARPU | $38.20 | $37.90 |
`;

export function approvalScenes(T: number): ApprovalScene[] {
  const asking = (more: Partial<ApprovalState> = {}): Partial<ApprovalState> => ({
    token_id: "waitpoint_8f2k0a1b2c3d4e5f6x7q2",
    title: "publish-report",
    run_id: "run_cm4k0a1b2c3d4e5f6x7q2",
    prompt: PROMPT,
    status: "WAITING",
    timeout_at: T + 85_260_000,
    created_at: T - 1_080_000,
    completed_at: null,
    phase: "asking",
    decision: null,
    reason: null,
    can: { complete: true },
    connection: { state: "live", reason: null },
    fault: null,
    schema: null,
    payload: "",
    problem: null,
    comment: "",
    verdict: true,
    confirm: [false],
    now: T,
    ...more,
  });
  const over = (phase: ApprovalState["phase"], decision: ApprovalState["decision"], more: Partial<ApprovalState> = {}) =>
    asking({ status: "COMPLETED", phase, decision, completed_at: T - 4000, connection: { state: "closed" }, ...more });
  const yes = { approved: true, comment: null, by: "ana", at: T - 4000, output: { approved: true, comment: null, by: "ana" } };
  const no = { ...yes, approved: false, comment: "ARPU looks wrong: it counts the trial accounts.\nPlease fix it first.", output: { approved: false } };
  const audience = { enum: ["All customers", "Trial accounts", "Staff"], title: "Audience" };
  const form: Partial<ApprovalState> = {
    comment: null,
    schema: { type: "object", required: ["audience"], properties: { audience, send_at: { type: "string", format: "date", title: "Send at" }, comment: { type: "string", title: "Comment" } } },
    payload: '{"audience": "All customers"}',
  };
  const plain = { prompt: "Deploy **v2**?" };
  return [
    { name: "connecting", state: {} },
    { name: "asking", state: asking() },
    { name: "asking, no prompt, no timeout", state: asking({ prompt: null, timeout_at: null, title: null }) },
    { name: "asking, last seconds", state: asking({ ...plain, timeout_at: T + 42_000 }) },
    { name: "asking, time is up", state: asking({ ...plain, timeout_at: T - 500 }) },
    { name: "cannot answer", state: asking({ ...plain, can: { complete: "This token may only read; an answer needs the secret key or the token's own public token." } }) },
    { name: "reconnecting", state: asking({ ...plain, connection: { state: "retrying", reason: "connection refused" } }) },
    { name: "form", state: asking({ ...plain, ...form }) },
    { name: "form, refused", state: asking({ ...plain, ...form, problem: { message: "One field needs attention.", fields: { "/audience": "Input should be 'Staff'" } } }) },
    { name: "form, one answer", state: asking({ prompt: "Which model goes out?", ...form, verdict: false, confirm: [] }) },
    { name: "form, sending", state: asking({ ...plain, ...form, phase: "sending", decision: { approved: true } }) },
    { name: "json", state: asking({ ...plain, comment: null, verdict: false }) },
    { name: "asks before a yes", state: asking({ prompt: "Drop the **production** table?", confirm: [true] }) },
    { name: "sending", state: asking({ ...plain, phase: "sending", decision: { approved: true } }) },
    { name: "sending a no", state: asking({ ...plain, phase: "sending", decision: { approved: false } }) },
    { name: "failed", state: asking({ ...plain, phase: "failed", reason: "Cannot reach http://127.0.0.1:45127: connection refused." }) },
    { name: "sent", state: over("sent", { approved: true, comment: "Looks right.", by: null, at: T - 4000 }, { ...plain, status: null, completed_at: null }) },
    { name: "approved", state: over("accepted", yes) },
    { name: "approved with a comment", state: over("accepted", { ...yes, comment: "Looks right." }, plain) },
    { name: "rejected", state: over("accepted", no, plain) },
    { name: "approved elsewhere", state: over("elsewhere", { ...yes, by: "ben" }, plain) },
    { name: "decided elsewhere by nobody known", state: over("elsewhere", { ...no, by: null, comment: null }, plain) },
    { name: "answered with data", state: over("elsewhere", { approved: null, by: "ana", at: T - 4000, output: { audience: "All customers", send_at: "2026-11-24T08:00:00Z" } }, plain) },
    { name: "approved with more data", state: over("accepted", { ...yes, output: { approved: true, comment: null, by: "ana", audience: "All customers", limit: 1284 } }, plain) },
    { name: "timed out", state: asking({ ...plain, status: "TIMED_OUT", phase: "timed_out", completed_at: T - 4000, timeout_at: T - 4000, can: null, connection: { state: "closed" } }) },
    { name: "offline, asking", offline: true, state: asking(plain) },
    { name: "offline, approved", offline: true, state: over("accepted", yes, plain) },
    { name: "fault", state: { token_id: "waitpoint_unknown", fault: "There is no wait token “waitpoint_unknown” on http://127.0.0.1:45127.", connection: { state: "failed" } } },
    { name: "narrow", width: 320, state: asking() },
    { name: "long names", state: asking({ title: "a-task-with-a-name-that-is-much-longer-than-anybody-would-wish-for-in-a-cell", prompt: "w".repeat(300) }) },
  ];
}
