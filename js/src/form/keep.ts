/** What is written outlives a reload of the page, in this tab alone; it is never in the notebook. */
import { isFields } from "../sync.js";
import type { Draft } from "./draft.js";

export interface Kept {
  readonly mode?: "form" | "json";
  readonly draft?: Draft;
  readonly text?: string;
}

const key = (name: string) => `trigger-widgets-draft:${name}`;

/** A page may forbid storage, or have none left: then nothing is kept. */
function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}

/** Passwords are written nowhere. */
const secret = (schema: unknown): boolean => JSON.stringify(schema ?? null).includes('"password"');

export function keep(name: string, draft: Kept, schema: unknown): void {
  if (!secret(schema)) attempt(() => sessionStorage.setItem(key(name), JSON.stringify(draft)));
}

export function forget(name: string): void {
  attempt(() => sessionStorage.removeItem(key(name)));
}

export function kept(name: string): Kept | null {
  const found = attempt(() => JSON.parse(sessionStorage.getItem(key(name)) ?? "null") as unknown);
  if (!isFields(found)) return null;
  const { mode, draft, text } = found;
  return {
    ...((mode === "form" || mode === "json") && { mode }),
    ...(isFields(draft) && { draft: draft as Draft }),
    ...(typeof text === "string" && { text }),
  };
}
