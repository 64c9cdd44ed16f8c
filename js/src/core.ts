/**
 * The core: what every card is made of, and the cards of a run and of a stream.
 *
 * `model.get("_kind")` chooses the view. One that is not here is in a piece, which comes when it is
 * first needed (`more`) and is given this module.
 */
import { h, render as draw } from "preact";
import { dress } from "./dress.js";
import { RunCard } from "./run/card.js";
import { StreamCard } from "./stream/card.js";
import { css } from "./style/index.js";
import { type Model, storeOf } from "./transport.js";
import { Boundary } from "./ui/boundary.js";
import { hostKeys } from "./ui/keys.js";
import { add, views } from "./views.js";

add({ run: RunCard, stream: StreamCard }, css);

export interface RenderProps {
  model: Model;
  el: HTMLElement;
  /** brings the piece that has the view of `model` */
  more?: (model: Model) => Promise<void>;
}

/** Draw the widget of `model` into `el`; gives the function that takes it away again. */
export function render({ model, el, more }: RenderProps): () => void {
  const kind = String(model.get("_kind"));
  const root = document.createElement("div");
  root.className = "tw-root";
  root.dataset["kind"] = kind;
  el.append(root);
  let stop: (() => void) | undefined = () => root.remove();
  const begin = () => {
    const view = views.get(kind);
    if (!stop) return;
    if (!view) return void (root.textContent = `This version of trigger-widgets has no view called “${kind}”.`);
    dress(root);
    const store = storeOf(model);
    const letGo = store.attach();
    const unlisten = hostKeys(root);
    draw(h(Boundary, null, h(view, { store, host: { model, render: (props) => render({ ...props, ...(more && { more }) }) } })), root);
    stop = () => {
      draw(null, root);
      unlisten();
      letGo();
      root.remove();
    };
  };
  if (views.has(kind) || !more || !model.get("_more")) begin();
  else more(model).then(begin, (error: unknown) => (root.textContent = `This card could not be loaded: ${String(error)}`));
  return () => {
    stop?.();
    stop = undefined;
  };
}
