import { useState } from "preact/hooks";

// Preact's own ids are unique in one root only, and every card is a root.
const prefix = `tw-${Math.random().toString(36).slice(2, 8)}`;
let made = 0;

/** An id that no other element of the page has. */
export function useUniqueId(): string {
  const [id] = useState(() => `${prefix}-${made++}`);
  return id;
}
