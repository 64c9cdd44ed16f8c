import { useRef, useState } from "preact/hooks";
import { Icon } from "../ui/icon.js";
import { useUniqueId } from "../ui/ids.js";

interface Props {
  label: string;
  disabled: boolean;
  onSend: (text: string) => void;
}

/** A box to write into: Enter sends, Shift+Enter begins a line. */
export function Box({ label, disabled, onSend }: Props) {
  const [text, write] = useState("");
  const id = useUniqueId();
  const box = useRef<HTMLTextAreaElement>(null);
  const empty = text.trim() === "";
  const send = () => {
    if (disabled || empty) return;
    onSend(text);
    write("");
    box.current?.focus();
  };
  return (
    <div class="tw-compose">
      <textarea
        ref={box}
        class="tw-input"
        rows={1}
        value={text}
        aria-label={label}
        aria-describedby={id}
        placeholder={disabled ? "" : "Write a message"}
        readOnly={disabled}
        onInput={({ currentTarget }) => write(currentTarget.value)}
        onKeyDown={(event) => {
          // An Enter that chooses a word of an input method is not one that sends.
          if (event.key !== "Enter" || event.isComposing) return;
          event.preventDefault();
          if (event.shiftKey) {
            const { currentTarget: area } = event;
            area.setRangeText("\n", area.selectionStart, area.selectionEnd, "end");
            write(area.value);
          } else if (!event.repeat) send();
        }}
      />
      <button type="button" class="tw-btn tw-primary" aria-label="Send" title="Send" aria-disabled={disabled || empty} onClick={send}>
        <Icon name="arrow" />
      </button>
      <p class="tw-hotkey" id={id}>
        <kbd>↵</kbd> sends, <kbd>⇧</kbd> <kbd>↵</kbd> new line
      </p>
    </div>
  );
}
