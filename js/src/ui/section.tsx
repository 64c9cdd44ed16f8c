import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "./icon.js";
import { useUniqueId } from "./ids.js";

interface Props {
  title: string;
  /** dim words beside the title: what is inside while closed */
  preview?: ComponentChildren;
  /** buttons at the right end */
  tools?: ComponentChildren;
  /** until the reader chooses */
  open?: boolean;
  /** shown instead of `children` on the title's own line; then nothing folds */
  inline?: ComponentChildren;
  name: string;
  children?: ComponentChildren;
}

/** A part of a card: a title line and what it folds away. */
export function Section({ title, preview, tools, open = true, inline, name, children }: Props) {
  const [chosen, choose] = useState<boolean | null>(null);
  const id = useUniqueId();
  const shown = chosen ?? open;
  return (
    <div class="tw-section" data-section={name} role="group" aria-label={title}>
      <div class="tw-section-head">
        {inline !== undefined ? (
          <>
            <span class="tw-title-only">{title}</span>
            <span class="tw-inline" data-value>
              {inline}
            </span>
          </>
        ) : (
          <button type="button" class="tw-fold" aria-expanded={shown} aria-controls={id} onClick={() => choose(!shown)}>
            <Icon name="chevron" />
            <span class="tw-section-title">{title}</span>
            <span class="tw-preview" aria-hidden="true">
              {!shown && preview}
            </span>
          </button>
        )}
        {tools}
      </div>
      {inline === undefined && (
        <div id={id} class="tw-section-body" hidden={!shown}>
          {shown && children}
        </div>
      )}
    </div>
  );
}
