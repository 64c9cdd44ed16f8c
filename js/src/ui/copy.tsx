import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icon.js";

/** Put text on the clipboard; gives whether it worked. Pages on plain http have no clipboard API. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.cssText = "position:fixed;opacity:0";
    document.body.append(area);
    area.select();
    const copied = document.execCommand?.("copy") ?? false;
    area.remove();
    return copied;
  }
}

interface Props {
  /** what is copied, made only when asked for */
  text: () => string;
  /** for example "Copy run id" */
  label: string;
  /** the tooltip, when it is not the label */
  title?: string;
  class?: string;
  /** -1 where another key does the same */
  tabIndex?: number;
  children?: preact.ComponentChildren;
}

/** A button that copies and says so for a moment. */
export function Copy({ text, label, title = label, children, ...rest }: Props) {
  const [said, say] = useState<"" | "Copied" | "Not copied">("");
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => say(""), 1500);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <button
      type="button"
      class={`tw-copy ${rest.class ?? ""}`}
      tabIndex={rest.tabIndex}
      aria-label={label}
      title={title}
      data-said={said || undefined}
      onClick={async () => say((await copyText(text())) ? "Copied" : "Not copied")}
    >
      {children}
      <Icon name={said === "Copied" ? "tick" : "copy"} />
      <span class="tw-said" role="status">
        {said}
      </span>
    </button>
  );
}
