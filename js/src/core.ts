/**
 * The core: everything the browser needs to draw a widget, in one module.
 *
 * `model.get("_kind")` chooses the view; another widget is another line in `views`.
 */
import { type ComponentType, h, render as draw } from "preact";
import { ApprovalCard } from "./approval/card.js";
import { InputCard } from "./input/card.js";
import { RunCard } from "./run/card.js";
import { RunsCard } from "./runs/card.js";
import { StreamCard } from "./stream/card.js";
import { TriggerCard } from "./trigger/card.js";
import { dress } from "./dress.js";
import { type Model, type Store, storeOf } from "./transport.js";
import { Boundary } from "./ui/boundary.js";
import type { Host } from "./ui/child.js";
import { hostKeys } from "./ui/keys.js";

// Each view knows the fields of its own state; here they are all the same.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type View = ComponentType<{ store: Store<any>; host: Host }>;

const views = new Map<string, View>([
  ["run", RunCard],
  ["runs", RunsCard],
  ["stream", StreamCard],
  ["approval", ApprovalCard],
  ["input", InputCard],
  ["trigger", TriggerCard],
]);

export interface RenderProps {
  model: Model;
  el: HTMLElement;
}

/** Draw the widget of `model` into `el`; gives the function that takes it away again. */
export function render({ model, el }: RenderProps): () => void {
  const kind = String(model.get("_kind"));
  const root = document.createElement("div");
  root.className = "tw-root";
  root.dataset["kind"] = kind;
  el.append(root);
  dress(root);
  const view = views.get(kind);
  if (!view) {
    root.textContent = `This version of trigger-widgets has no view called “${kind}”.`;
    return () => root.remove();
  }
  const store = storeOf(model);
  const letGo = store.attach();
  const unlisten = hostKeys(root);
  draw(h(Boundary, null, h(view, { store, host: { model, render } })), root);
  return () => {
    draw(null, root);
    unlisten();
    letGo();
    root.remove();
  };
}

/**
 * For anywidget, which hands every view a model object of its own: the one of `initialize` stands
 * for all of them, so that all views share one store.
 */
export default () => {
  let shared: Model | undefined;
  return {
    initialize({ model }: { model: Model }) {
      shared = model;
    },
    render: ({ model, el }: RenderProps) => render({ model: shared ?? model, el }),
  };
};
