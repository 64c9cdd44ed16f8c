/** The cards there are, by the `_kind` of their model. What is not in the core comes in a piece. */
import type { ComponentType } from "preact";
import type { Store } from "./transport.js";
import type { Host } from "./ui/child.js";

// Each view knows the fields of its own state; here they are all the same.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type View = ComponentType<{ store: Store<any>; host: Host }>;

export const views = new Map<string, View>();
/** Their style, a sheet for the core and for each piece that has come. */
export const sheets: string[] = [];

export function add(cards: Record<string, View>, ...css: string[]): void {
  for (const [kind, view] of Object.entries(cards)) views.set(kind, view);
  sheets.push(css.join(""));
}
