import { useEffect, useState } from "preact/hooks";
import { useUniqueId } from "../ui/ids.js";
import { type Fault, parseJson } from "./fault.js";

interface Props {
  label: string;
  text: string;
  /** what is wrong, once somebody wanted to send it */
  fault: Fault | null;
  busy: boolean;
  known: boolean;
  onWrite: (text: string) => void;
}

/** So long after the last key a mistake is one, and not just unfinished. */
const PAUSE_MS = 900;

/** The payload as JSON text. */
export function JsonBox({ label, text, fault, busy, known, onWrite }: Props) {
  const id = useUniqueId();
  const [seen, see] = useState<Fault | null>(null);
  useEffect(() => {
    see(null);
    const timer = setTimeout(() => {
      const parsed = parseJson(text);
      see(parsed.ok || text.trim() === "" ? null : parsed.fault);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const wrong = fault ?? seen;
  const lines = Math.min(16, Math.max(4, text.split("\n").length));
  return (
    <div class="tw-field">
      <label class="tw-field-label" for={id}>
        {label} <span>JSON</span>
      </label>
      {known ? (
        <textarea
          id={id}
          class="tw-input tw-code"
          rows={lines}
          spellcheck={false}
          autocomplete="off"
          readOnly={busy}
          value={text}
          aria-invalid={wrong ? true : undefined}
          aria-describedby={`${id}-about`}
          onInput={({ currentTarget }) => onWrite(currentTarget.value)}
        />
      ) : (
        <div class="tw-input tw-code" id={id} />
      )}
      <p class="tw-wrong" id={`${id}-about`}>
        {wrong && `Line ${wrong.line}, column ${wrong.column}: ${wrong.message}`}
      </p>
    </div>
  );
}
