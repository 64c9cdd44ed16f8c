/** Everything a task says is hostile: a corpus of payloads through every field stays text. */
import { act } from "preact/test-utils";
import { afterEach, expect, test, vi } from "vitest";
import { render } from "../src/core.js";
import { liveModel } from "./fake-model.js";

const CORPUS = [
  "<script>globalThis.pwned=1</script>",
  "<img src=x onerror=globalThis.pwned=1>",
  "<svg/onload=globalThis.pwned=1>",
  "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
  "\"><b onmouseover=globalThis.pwned=1>x</b>",
  "javascript:globalThis.pwned=1",
  "[x](javascript:globalThis.pwned=1)",
  "</style><style>*{display:none}</style>",
  "{{constructor.constructor('globalThis.pwned=1')()}}",
  "`<img src=x onerror=globalThis.pwned=1>`",
  "\u202e\u2066evil\u0000\ud800",
  "__proto__",
];
/** Not text either: what a view library might take for an element. */
const OBJECTS: unknown[] = [
  { type: "script", props: { children: "globalThis.pwned=1" }, constructor: undefined },
  { dangerouslySetInnerHTML: { __html: "<img src=x onerror=globalThis.pwned=1>" } },
  JSON.parse('{"__proto__":{"dangerouslySetInnerHTML":{"__html":"<b>x</b>"}}}'),
];

afterEach(() => document.body.replaceChildren());

/** A state in which every field that comes from a task or a server carries `evil`. */
function everywhere(evil: unknown, status: string): Record<string, unknown> {
  const stack = `Traceback (most recent call last):\n  File "${evil}", line 1, in ${evil}\n    ${evil}\n${evil}`;
  return {
    run_id: evil, task: evil, status, created_at: 1, started_at: 1, finished_at: 2, tags: [evil],
    progress: { fraction: 0.5, label: evil }, metadata: { [String(evil)]: evil, deep: { [String(evil)]: [evil] } },
    has_output: true, output: evil, error: { name: evil, message: evil, stack },
    log: [[1, evil, evil]], has_payload: true, payload: evil, version: evil, idempotency_key: evil, parent_id: evil, batch_id: evil, ttl: evil, parts: [{ kind: evil, name: evil, child: evil }], replayed: { id: evil, child: evil },
    connection: { state: "retrying", reason: evil }, hint: evil, fault: evil, can: { cancel: evil },
  };
}

async function show(state: Record<string, unknown>): Promise<HTMLElement> {
  const el = document.body.appendChild(document.createElement("div"));
  await act(() => void render({ model: liveModel(state), el }));
  // What is folded away is drawn too.
  for (let i = 0; i < 3; i++) {
    for (const folded of el.querySelectorAll<HTMLElement>("[aria-expanded=false]")) await act(() => folded.click());
  }
  return el;
}

const EXPECTED = new Set("div article header span svg path circle button p b i code pre time dl dt dd".split(" "));

function inert(el: Element): void {
  for (const each of el.querySelectorAll("*")) {
    expect(EXPECTED).toContain(each.localName);
    for (const { name, value } of each.attributes) {
      expect(name).not.toMatch(/^on|^(href|src|srcdoc|action|formaction)$/);
      if (name === "style") expect(value).toMatch(/^(transform: scaleX\([\d.]+\)|--tw-level: \d+|min-width: \d+ch);?$/);
    }
  }
  expect((globalThis as Record<string, unknown>)["pwned"]).toBeUndefined();
}

for (const status of ["EXECUTING", "FAILED", "COMPLETED", CORPUS[1] ?? ""]) {
  test.each(CORPUS)(`%s in every field of a run that is ${status} stays text`, async (evil) => {
    const el = await show(everywhere(evil, status));
    inert(el);
    expect(el.textContent).toContain(evil);
  });
}

test.each(OBJECTS)("%j where text is expected breaks nothing and makes no element", async (evil) => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  for (const status of ["EXECUTING", "FAILED"]) inert(await show(everywhere(evil, status)));
});

test("objects as output and metadata are shown as JSON", async () => {
  for (const evil of OBJECTS) {
    const el = await show({ run_id: "run_1", task: "t", status: "COMPLETED", has_output: true, output: evil, metadata: { evil } });
    inert(el);
    expect(el.querySelectorAll("[role=treeitem]").length).toBeGreaterThan(1);
  }
});
