import type { ComponentChildren } from "preact";
import { Badge } from "./badge.js";
import { Copy } from "./copy.js";
import type { IconName } from "./icon.js";
import { Sentence } from "./sentence.js";

interface HeadProps {
  /** nothing while it is not known */
  title: string | null | undefined;
  id: string | null | undefined;
  /** the id as it is shown */
  short?: string | undefined;
  /** what the id is of */
  of: string;
  look: { word: string; tone: string; icon: IconName };
  children?: ComponentChildren;
}

/** The first line of a card: what it is of, how it is, and what can be done. */
export function Head({ title, id, short = id ?? "", of, look, children }: HeadProps) {
  return (
    <header class="tw-head">
      <div class="tw-title">
        {title ? <span class="tw-task">{title}</span> : <span class="tw-task tw-bone" aria-hidden="true" />}
        <span class="tw-ids">
          {id && (
            <Copy class="tw-id" label={`${short}, copy ${of} id`} title={`Copy ${id}`} text={() => id}>
              {short}
            </Copy>
          )}
        </span>
      </div>
      <div class="tw-actions">
        <Badge {...look} />
        {children}
      </div>
    </header>
  );
}

interface RemarkProps {
  text: string | null | undefined;
  as?: "fault" | "hint" | "cannot";
}

/** A sentence under the head; a fault is said at once. */
export function Remark({ text, as }: RemarkProps) {
  if (!text) return null;
  return (
    <p class={as ? `tw-line tw-${as}` : "tw-line"} role={as === "fault" ? "alert" : undefined}>
      <Sentence text={text} />
    </p>
  );
}
