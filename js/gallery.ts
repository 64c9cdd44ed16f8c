/**
 * Every state of every card on one page, for looking at. Not in the bundle.
 *
 * `?theme=dark` takes JupyterLab's dark theme, `?theme=none` no variables at all (outside Lab);
 * `?kind=stream` takes another card; `?only=failed` shows the scenes whose name has the word;
 * `?open=log` opens that part of a run's card.
 */
import { render } from "./src/core.js";
import "./src/pieces/forms.js";
import "./src/pieces/table.js";
import { approvalScenes } from "./test/approval-scenes.js";
import { FakeModel, liveModel } from "./test/fake-model.js";
import { inputScenes } from "./test/input-scenes.js";
import { runsScenes } from "./test/runs-scenes.js";
import { type Scene, scenes } from "./test/scenes.js";
import { type StreamScene, streamScenes } from "./test/stream-scenes.js";
import { type TriggerScene, triggerScenes } from "./test/trigger-scenes.js";
import { themes } from "./gallery-themes.js";

const query = new URLSearchParams(location.search);
const theme = query.get("theme") ?? "light";
for (const [name, value] of Object.entries(themes[theme] ?? {})) document.documentElement.style.setProperty(name, value);
if (theme === "none") document.body.style.background = "Canvas";

const width = query.get("width");
const main = document.querySelector("main") as HTMLElement;
if (width) Object.assign(main.style, { width: `${width}px`, padding: "0", display: "block" });

const now = Date.now();
const kind = query.get("kind") ?? "run";
const all: Record<string, (now: number) => (Omit<StreamScene, "state"> & Pick<TriggerScene, "child"> & Pick<Scene, "children"> & { state: object })[]> = {
  run: scenes,
  runs: runsScenes,
  stream: streamScenes,
  approval: approvalScenes,
  input: inputScenes,
  trigger: triggerScenes,
};
for (const scene of all[kind]?.(now) ?? []) {
  if (!scene.name.includes(query.get("only") ?? "")) continue;
  const figure = document.createElement("figure");
  if (scene.width) figure.style.width = `${scene.width}px`;
  const title = document.createElement("h2");
  title.textContent = scene.name;
  const el = document.createElement("div");
  figure.append(title, el);
  main.append(figure);
  const model = scene.offline
    ? new FakeModel({ _kind: kind, _snapshot: { seq: 3, saved_at: now, state: scene.state } })
    : liveModel({ ...scene.state }, kind);
  const { child, children } = scene;
  const found = (id: string) => children?.[id] ?? { kind: "", state: {} };
  if (children) model.widget_manager = { get_model: async (id) => liveModel({ ...found(id).state }, found(id).kind) };
  if (child) model.widget_manager = { get_model: async () => liveModel({ ...child }) };
  // A model without a comm throws: the fast way to be offline.
  if (scene.offline) model.onSend = () => { throw new Error("no comm"); };
  render({ model, el });
  const open = query.get("open");
  if (open) requestAnimationFrame(() => el.querySelector<HTMLElement>(`.tw-tab[data-section="${open}"]`)?.click());
  if (scene.scrolled) {
    setTimeout(() => el.querySelector(".tw-scroll")?.scrollTo(0, 40), 600);
  }
}
