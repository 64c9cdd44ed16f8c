import { useEffect, useRef, useState } from "preact/hooks";
import { clock } from "../format.js";
import { MoreText } from "../ui/value.js";
import type { Line } from "./state.js";

const FIRST = 300;

const time = (ms: number) => clock(ms, Date.now());

/** The text that goes on the clipboard. */
export const logText = (lines: readonly Line[]) => lines.map(([ms, level, text]) => `${time(ms)} ${level}: ${text}`).join("\n");

/** What a task printed and logged. The newest line stays in sight until the reader scrolls up. */
export function Log({ lines }: { lines: readonly Line[] }) {
  const box = useRef<HTMLDivElement>(null);
  const pinned = useRef(true);
  const [limit, grow] = useState(FIRST);
  useEffect(() => {
    if (pinned.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  const rest = lines.length - limit;
  return (
    <div
      class="tw-log"
      ref={box}
      tabIndex={0}
      role="group"
      aria-label="Log"
      onScroll={({ currentTarget: at }) => (pinned.current = at.scrollHeight - at.scrollTop - at.clientHeight < 8)}
    >
      {rest > 0 && <MoreText rest={rest} onMore={() => ((pinned.current = false), grow(limit * 4))} />}
      {lines.slice(-limit).map(([ms, level, text], i) => (
        <div key={Math.max(0, rest) + i} class="tw-log-line" data-level={String(level)}>
          <time title={String(level)}>{time(ms)}</time>
          <span>{String(text)}</span>
        </div>
      ))}
    </div>
  );
}
