import { count } from "../format.js";
import { type Json, type Token, preview, scalarToken } from "./json.js";

export function Tokens({ of }: { of: readonly Token[] }) {
  return (
    <>
      {of.map(([kind, text]) => (
        <span class={`tw-${kind}`}>{text}</span>
      ))}
    </>
  );
}

/** A value on one line, cut where it gets long. */
export function Preview({ value, budget }: { value: Json; budget?: number }) {
  return <Tokens of={preview(value, budget)[0]} />;
}

/** How much of a long text is shown at first, and by how much it grows. */
export const TEXT_STEP = 300;

interface LeafProps {
  value: Json;
  /** characters of a string that are shown */
  limit: number;
  onMore: () => void;
}

export function Leaf({ value, limit, onMore }: LeafProps) {
  if (typeof value !== "string" || value.length <= limit) return <Tokens of={[scalarToken(value)]} />;
  return (
    <>
      <Tokens of={[["s", JSON.stringify(value.slice(0, limit)).slice(0, -1)]]} />
      <MoreText rest={value.length - limit} onMore={onMore} />
    </>
  );
}

export function MoreText({ rest, onMore }: { rest: number; onMore: () => void }) {
  return (
    <button type="button" class="tw-more" onClick={onMore}>
      … {count(rest)} more
    </button>
  );
}
