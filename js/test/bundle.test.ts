/** What travels, with its short names and in its pieces, shows what the sources show. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type RenderProps, render as source } from "../src/core.js";
import { approvalScenes } from "./approval-scenes.js";
import { FakeModel, liveModel } from "./fake-model.js";
import { inputScenes } from "./input-scenes.js";
import { runsScenes } from "./runs-scenes.js";
import { scenes } from "./scenes.js";
import "./stage.js";
import { streamScenes } from "./stream-scenes.js";
import { triggerScenes } from "./trigger-scenes.js";

const T = Date.UTC(2026, 10, 23, 12);
type Core = { render: (props: RenderProps) => () => void };
let folder: string;
let core: Core;
const pieces: Record<string, (core: Core) => void> = {};

beforeAll(async () => {
  // Here, because vitest leaves alone only what is in node_modules.
  folder = mkdtempSync(resolve("node_modules/.bundle-"));
  execFileSync(process.execPath, ["build.mjs", "--to", folder]);
  writeFileSync(join(folder, "package.json"), '{"type": "module"}');
  const load = (name: string) => import(/* @vite-ignore */ pathToFileURL(join(folder, `${name}.js`)).href);
  core = await load("core");
  for (const name of ["forms", "table"]) pieces[name] = (await load(name)).default;
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  for (const style of document.querySelectorAll("style[data-tw]")) style.remove();
});
beforeEach(() => void vi.useFakeTimers({ now: T }));
afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

/** What is to be seen, and what can be pressed or filled in. */
async function seen(render: Core["render"], model: FakeModel): Promise<string> {
  const el = document.body.appendChild(document.createElement("div"));
  const more = async () => pieces[String(model.get("_more"))]?.(core);
  const remove = render({ model, el, more });
  await vi.advanceTimersByTimeAsync(1500);
  const all = [...el.querySelectorAll("button, input, select, textarea, [role], [style]")].map(
    (each) => `${each.localName} ${each.getAttribute("role")} ${each.getAttribute("aria-label")} ${each.getAttribute("style")} ${(each as HTMLInputElement).value}`,
  );
  const found = [el.textContent, ...all].join("\n").replaceAll(/--tw[\w-]*/g, "--tw");
  remove();
  el.remove();
  return found;
}

const KINDS: [kind: string, piece: string, scenes: { name: string; state: object; offline?: boolean }[]][] = [
  ["run", "", scenes(T)],
  ["stream", "", streamScenes(T)],
  ["runs", "table", runsScenes(T)],
  ["approval", "forms", approvalScenes(T)],
  ["input", "forms", inputScenes(T)],
  ["trigger", "forms", triggerScenes(T)],
];

test.each(KINDS)("every state of the card of a %s", async (kind, piece, all) => {
  for (const { name, state } of all) {
    const model = () => {
      const made = liveModel({ ...structuredClone(state) }, kind);
      made.sync("_more", piece);
      return made;
    };
    const expected = await seen(source, model());
    expect(expected.length).toBeGreaterThan(20);
    expect(await seen(core.render, model()), name).toBe(expected);
  }
});

test("a card whose code is not there says so", async () => {
  const model = new FakeModel({ _kind: "other", _snapshot: {}, _more: "IPY_MODEL_1" });
  const el = document.body.appendChild(document.createElement("div"));
  const remove = source({ model, el, more: () => Promise.reject(new Error("no model")) });
  await vi.advanceTimersByTimeAsync(1);
  expect(el.textContent).toBe("This card could not be loaded: Error: no model");
  remove();
  expect(el.childElementCount).toBe(0);
});

test("a card that went before its code came is not drawn", async () => {
  const model = liveModel({}, "run");
  model.sync("_kind", "later");
  model.sync("_more", "IPY_MODEL_1");
  const el = document.body.appendChild(document.createElement("div"));
  let come = () => {};
  const remove = source({ model, el, more: () => new Promise((resolve) => (come = resolve)) });
  remove();
  come();
  await vi.advanceTimersByTimeAsync(1);
  expect([el.childElementCount, model.listeners()]).toEqual([0, 0]);
});
