import { useEffect, useRef, useState } from "preact/hooks";

/** Says changes of the status to a screen reader, and nothing else. */
export function Announcer({ words }: { words: string }) {
  const first = useRef(words);
  const [said, say] = useState("");
  useEffect(() => {
    if (words !== first.current) {
      // What was there when the card came is read with the card.
      if (first.current) say(words);
      first.current = words;
    }
  }, [words]);
  return (
    <span class="tw-sr" role="status">
      {said}
    </span>
  );
}
