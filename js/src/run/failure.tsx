import { useState } from "preact/hooks";
import { Copy } from "../ui/copy.js";
import { Icon } from "../ui/icon.js";
import { Section } from "../ui/section.js";
import { MoreText } from "../ui/value.js";
import type { TaskError } from "./state.js";
import { type Folded, type Frame, type Note, fold, parse, place } from "./traceback.js";

const MESSAGE = 600;

/** Why a run failed: name, message, and the way there. */
export function Failure({ error }: { error: TaskError }) {
  const [limit, grow] = useState(MESSAGE);
  const name = error.name ?? "";
  const message = error.message ?? "";
  const head = name && message ? `${name}: ${message}` : name || message || "The task failed without a message.";
  const parts = error.stack ? fold(parse(error.stack, head)) : [];
  return (
    <div class="tw-section tw-failure" data-section="error" role="group" aria-label="Error">
      <div class="tw-failure-head">
        <p class="tw-message">
          {name && <b>{name}</b>}
          {name && message && ": "}
          {message.slice(0, limit) || (!name && head)}
          {message.length > limit && <MoreText rest={message.length - limit} onMore={() => grow(limit * 10)} />}
        </p>
        <Copy label="Copy error" text={() => (error.stack?.includes(message) ? error.stack : `${head}\n${error.stack ?? ""}`)} />
      </div>
      {parts.length > 0 && (
        <Section title="Traceback" name="traceback" preview={whereabouts(parts)}>
          <div class="tw-stack" tabIndex={0} role="group" aria-label="Frames">
            {parts.map((part) => (part.kind === "folded" ? <Library part={part} /> : <Part part={part} />))}
          </div>
        </Section>
      )}
    </div>
  );
}

/** The user's frame nearest to the error, for the closed traceback. */
function whereabouts(parts: readonly (Frame | Note | Folded)[]): string {
  const own = parts.filter((part): part is Frame => part.kind === "frame" && !part.library).at(-1);
  return own ? place(own) : "";
}

function Part({ part }: { part: Frame | Note }) {
  if (part.kind === "note") return <div class="tw-note">{part.text}</div>;
  return (
    <div class={part.library ? "tw-frame tw-theirs" : "tw-frame"}>
      <div class="tw-place" title={part.file}>
        <span class="tw-file">{place(part)}</span>
        {part.name && part.name !== "<module>" && <> in {part.name}</>}
      </div>
      {part.code.length > 0 && <pre>{part.code.map(codeLine)}</pre>}
    </div>
  );
}

/** Python's marks under the part of a line that failed are not code. */
function codeLine(line: string, index: number) {
  const text = index > 0 ? `\n${line}` : line;
  return /^[\s^~]+$/.test(line) ? <span class="tw-carets">{text}</span> : text;
}

function Library({ part }: { part: Folded }) {
  const [open, turn] = useState(false);
  const { length } = part.frames;
  return (
    <>
      <button type="button" class="tw-fold tw-library" aria-expanded={open} onClick={() => turn(!open)}>
        <Icon name="chevron" />
        {length} {length === 1 ? "frame" : "frames"} in {part.libraries}
      </button>
      {open && part.frames.map((frame) => <Part part={frame} />)}
    </>
  );
}
