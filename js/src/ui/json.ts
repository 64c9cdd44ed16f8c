/** Looking at a JSON value of any size without walking all of it. */

export type Json = unknown;
/** What a piece of text is, which is its CSS class too. */
export type TokenKind = "s" | "n" | "b" | "k" | "p";
export type Token = readonly [kind: TokenKind, text: string];

export function isBranch(value: Json): value is object {
  return typeof value === "object" && value !== null;
}

export function size(value: object): number {
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

/** Entries `0..limit` of an array or object. */
export function entries(value: object, limit: number): [key: string, child: Json][] {
  if (Array.isArray(value)) return value.slice(0, limit).map((child, i) => [String(i), child]);
  return Object.keys(value)
    .slice(0, limit)
    .map((key) => [key, (value as Record<string, Json>)[key]]);
}

export function scalarToken(value: Json): Token {
  if (typeof value === "string") return ["s", JSON.stringify(value)];
  if (typeof value === "number") return ["n", String(value)];
  return ["b", value === undefined ? "null" : String(value)];
}

/**
 * The value on one line, in at most about `budget` characters: `{ r2: 0.8713, lag: 3 }`.
 * The second result tells whether all of it is there.
 */
export function preview(value: Json, budget = 64): [tokens: Token[], complete: boolean] {
  const tokens: Token[] = [];
  let left = budget;
  let complete = true;
  const put = (kind: TokenKind, text: string): void => {
    left -= text.length;
    tokens.push([kind, text]);
  };
  const walk = (node: Json, depth: number): void => {
    if (!isBranch(node)) {
      // Cut before quoting: a string may be megabytes long.
      const cut = typeof node === "string" && node.length > Math.max(left, 16);
      const [kind, text] = scalarToken(cut ? node.slice(0, Math.max(left, 16)) : node);
      if (cut) complete = false;
      return put(kind, cut ? `${text.slice(0, -1)}…"` : text);
    }
    const [open, close] = Array.isArray(node) ? ["[", "]"] : ["{", "}"];
    const total = size(node);
    if (total === 0) return put("p", open + close);
    if (depth > 3) {
      complete = false;
      return put("p", `${open}…${close}`);
    }
    const pad = Array.isArray(node) ? "" : " ";
    put("p", open + pad);
    let done = 0;
    for (const [key, child] of entries(node, Math.max(1, left))) {
      if (left <= 0) break;
      if (done++ > 0) put("p", ", ");
      if (!Array.isArray(node)) {
        put("k", key.length > 40 ? `${key.slice(0, 40)}…` : key);
        put("p", ": ");
      }
      walk(child, depth + 1);
    }
    if (done < total) {
      complete = false;
      put("p", ", …");
    }
    put("p", pad + close);
  };
  walk(value, 0);
  return [tokens, complete];
}

/** The text that goes on the clipboard. */
export function asText(value: Json): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "null");
}
