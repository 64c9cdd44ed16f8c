import { useState } from "preact/hooks";
import { MoreText } from "./value.js";

const FIRST = 2000;
const STEP = 20_000;

/** Plain text as it is, the long kind bit by bit. */
export function Text({ text }: { text: string }) {
  const [limit, grow] = useState(FIRST);
  return (
    <div class="tw-text" tabIndex={0} data-value>
      {text.length > limit ? text.slice(0, limit) : text}
      {text.length > limit && <MoreText rest={text.length - limit} onMore={() => grow(limit + STEP)} />}
    </div>
  );
}
