import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  /** on the button, "Cancel" */
  label: string;
  /** "Cancel run?" */
  question: string;
  yes: string;
  no: string;
  disabled?: boolean;
  /** the one that most people want */
  primary?: boolean;
  onConfirm: () => void;
}

/**
 * A button that asks once more, in place. The focus goes to the answer that changes nothing, and
 * that answer stands where the button stood: a double click or a held Enter confirms nothing.
 */
export function ConfirmButton({ label, question, yes, no, disabled = false, primary = false, onConfirm }: Props) {
  const [asking, ask] = useState(false);
  const safe = useRef<HTMLButtonElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const touched = useRef(false);
  // Before the next key: a person may type faster than the browser paints.
  useLayoutEffect(() => {
    if (touched.current) (asking ? safe : opener).current?.focus();
  }, [asking]);
  useLayoutEffect(
    () => () => {
      // The run ended under the fingers: keep the focus in the card.
      const held = (safe.current ?? opener.current)?.getRootNode() as Document | ShadowRoot | undefined;
      const focused = held?.activeElement;
      if (focused && (focused === opener.current || focused.closest(".tw-confirm")?.contains(safe.current))) {
        focused.closest<HTMLElement>(".tw-card")?.focus();
      }
    },
    [],
  );
  const turn = (on: boolean) => {
    touched.current = true;
    ask(on);
  };
  if (!asking || disabled) {
    return (
      <button
        type="button"
        class={primary ? "tw-btn tw-primary" : "tw-btn"}
        ref={opener}
        aria-disabled={disabled}
        onClick={() => !disabled && turn(true)}
      >
        {label}
      </button>
    );
  }
  return (
    <span
      class="tw-confirm"
      role="group"
      aria-label={question}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        turn(false);
      }}
    >
      <span class="tw-question">{question}</span>
      <button
        type="button"
        class={primary ? "tw-btn tw-primary" : "tw-btn tw-danger"}
        onClick={() => {
          turn(false);
          onConfirm();
        }}
      >
        {yes}
      </button>
      <button type="button" class="tw-btn" ref={safe} onClick={() => turn(false)}>
        {no}
      </button>
    </span>
  );
}
