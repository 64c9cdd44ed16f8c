import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { MoreText } from "../ui/value.js";
import { Markdown } from "./markdown.js";

const FIRST = 20_000;

/** A markdown text that is there as a whole. */
export function Prose({ text }: { text: string }) {
  const host = useRef<HTMLDivElement>(null);
  const [limit, grow] = useState(FIRST);
  useLayoutEffect(() => {
    const page = new Markdown(host.current as HTMLElement);
    page.write(text.slice(0, limit));
    page.end();
    return () => page.free();
  }, [text, limit]);
  return (
    <>
      <div class="tw-md" ref={host} />
      {text.length > limit && <MoreText rest={text.length - limit} onMore={() => grow(limit * 10)} />}
    </>
  );
}
