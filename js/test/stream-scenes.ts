/** Every state a stream's card can be in, for the tests and the gallery. `T` is now, in epoch ms. */
import type { StreamState } from "../src/stream/state.js";

export interface StreamScene {
  name: string;
  state: Partial<StreamState>;
  offline?: boolean;
  width?: number;
  /** the reader has scrolled up */
  scrolled?: boolean;
}

const SUMMARY = `## What moved the price

Three things, in order of size: the **rate decision**, a supply shock in week 31, and a seasonal term that \`bootstrap_prices\` had underestimated. See the [minutes of the meeting](https://www.ecb.europa.eu/press/accounts/) and [1].

\`\`\`python
fit = ols("price ~ rate + supply + C(month)", df)
fit.rsquared   # 0.871
\`\`\`

| term | coefficient | p |
|---|---|---|
| rate | -1.204 | < 0.001 |
| supply | 0.331 | 0.004 |
| C(month)[T.3] | 0.187 | 0.038 |

1. Refit without *week 31*
2. Compare the residuals
   - by region
   - by month

`;
const TAIL = "The residuals after week 35 suggest that";
const REST = `
> A model is a story that happens to have numbers in it.

- [x] Residuals checked
- [ ] Seasonal term refitted

---

### Next

Inline math such as $R^2 = 0.87$, ~~the old estimate~~ the new one, and a long address: https://example.org/reports/2026/q3/prices?region=north-west&format=parquet.

\`\`\`
$ trigger-widgets dev tasks.py --concurrency 4   # a long line that does not fit into a narrow card at all
\`\`\`
`;
const LOG = Array.from({ length: 40 }, (_, i) => `14:03:${String(10 + i).padStart(2, "0")}  step ${i + 1}\tloss=${(2 / (i + 1)).toFixed(4)}  lr=3e-4`).join("\n");

export function streamScenes(T: number): StreamScene[] {
  const live = (more: Partial<StreamState> = {}): Partial<StreamState> => ({
    run_id: "run_cm4k0a1b2c3d4e5f6x7q2",
    task: "summarize",
    stream: "ai-output",
    mode: "markdown",
    text: SUMMARY + TAIL,
    items: [],
    truncated: null,
    parts: 412,
    first_at: T - 14_800,
    last_at: T - 40,
    now: T,
    done: false,
    status: "EXECUTING",
    stopped: false,
    connection: { state: "live", reason: null },
    hint: null,
    fault: null,
    note: null,
    ...more,
  });
  const none = { text: "", parts: 0, first_at: null, last_at: null };
  const over = (status: string, more: Partial<StreamState> = {}) =>
    live({ done: true, status, connection: { state: "closed" }, text: SUMMARY + REST, parts: 530, ...more });
  const items = Array.from({ length: 130 }, (_, i) =>
    i % 9 === 4 ? `checkpoint ${i}` : i % 11 === 7 ? i / 10 : { type: "delta", index: i, choices: [{ delta: { content: `token ${i}` }, finish_reason: null }], usage: i % 5 ? null : { total_tokens: i * 12 } });
  const offline = true;
  return [
    { name: "connecting", state: {} },
    { name: "waiting for the first part", state: live(none) },
    { name: "waiting, no worker", state: live({ ...none, status: "PENDING_VERSION", hint: "No worker has the task “summarize”: run the cell that defines it, or start `trigger-widgets dev tasks.py`." }) },
    { name: "one line", state: live({ text: "The price moved because", parts: 5 }) },
    { name: "streaming", state: live() },
    { name: "streaming, open fence", state: live({ text: `Here is the fit:\n\n\`\`\`python\nfit = ols("price ~ rate", df)\nfor name, value in fit.params.items():\n    print(f"{name:>12}` }) },
    { name: "scrolled up", scrolled: true, state: live({ text: SUMMARY + REST + TAIL }) },
    { name: "replayed", state: live({ note: "Replayed from a bundled text: no LLM endpoint is configured." }) },
    { name: "reconnecting", state: live({ connection: { state: "retrying", reason: "connection refused, next try in 4 s" } }) },
    { name: "stopped", state: live({ stopped: true, connection: { state: "closed" } }) },
    { name: "done", state: over("COMPLETED") },
    { name: "done, short", state: over("COMPLETED", { text: "Nothing moved the price this quarter.", parts: 7 }) },
    { name: "done, nothing", state: over("COMPLETED", none) },
    { name: "run failed", state: over("FAILED", { text: SUMMARY + TAIL }) },
    { name: "run canceled", state: over("CANCELED", { text: "Three things, in order of **si", parts: 6 }) },
    { name: "offline", offline, state: live() },
    { name: "offline, done, shortened", offline, state: over("COMPLETED", { truncated: "The first 4.8 MB are not in this saved copy.", text: `${TAIL} the effect is fading.` }) },
    { name: "fault", state: live({ ...none, status: null, fault: "There is no run “run_doesnotexist0000” on http://127.0.0.1:45127: check the id, or the server it was triggered on.", connection: { state: "failed" } }) },
    { name: "text", state: live({ mode: "text", stream: "training-log", task: "train-model", text: LOG }) },
    { name: "fields of parts", state: live({ fields: ["id", "choices.0.delta.content"], field: "choices.0.delta.content" }) },
    { name: "json", state: live({ mode: "json", stream: "events", text: null, items, parts: 1130 }) },
    { name: "json, done", state: over("COMPLETED", { mode: "json", stream: "events", text: null, items: items.slice(0, 6), parts: 6 }) },
    { name: "narrow", width: 320, state: live() },
    { name: "long names", state: live({ task: "a-task-with-a-name-that-is-much-longer-than-anybody-would-wish-for-in-a-cell", stream: "a-stream-with-a-name-that-is-also-rather-long-for-a-stream", text: `${"w".repeat(300)}\n\n| ${"c".repeat(80)} | b |\n|---|---|\n| 1 | 2 |` }) },
  ];
}
