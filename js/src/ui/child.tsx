import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Model } from "../transport.js";

/** What a card needs to draw the card of another model inside itself. */
export interface Host {
  readonly model: Model;
  readonly render: (props: { model: Model; el: HTMLElement }) => () => void;
}

const REFERENCE = /^IPY_MODEL_([\w-]+)$/;

/** The card of the model that `reference` names; the one before stays until it is there. */
export function Child({ host, reference, what }: { host: Host; reference: unknown; what: string }) {
  const at = useRef<HTMLDivElement>(null);
  const [model, show] = useState<Model | null>(null);
  const [problem, tell] = useState<string | null>(null);
  const id = typeof reference === "string" ? REFERENCE.exec(reference)?.[1] : undefined;
  useEffect(() => {
    tell(null);
    if (id === undefined) return show(null);
    let wanted = true;
    // A notebook opened without its kernel may have no such model.
    const found = host.model.widget_manager?.get_model(id) ?? Promise.reject(new Error("this page gives no way to it"));
    found.then(
      (child) => wanted && show(child),
      (error: unknown) => wanted && tell(error instanceof Error ? error.message : String(error)),
    );
    return () => void (wanted = false);
  }, [id, host]);
  useLayoutEffect(() => (model && at.current ? host.render({ model, el: at.current }) : undefined), [model, host]);
  return (
    <>
      {problem !== null && <p class="tw-line tw-unfound">The card of {what} could not be shown: {problem}</p>}
      <div class="tw-child" ref={at} />
    </>
  );
}
