/**
 * Markdown that grows. `streaming-markdown` reads it, `Page` draws it; what stands here between
 * them keeps a text readable that the parser alone would get wrong: names with underscores, marks
 * and links that are never closed, what follows a table.
 */
import * as smd from "streaming-markdown";
import type { Writer } from "./plain.js";
import { INLINE, Page } from "./page.js";

const WORD = /[\p{L}\p{N}]/u;
/** A character that is only itself can be shown before the parser has made up its mind. */
const PLAIN = /^[^\s*_~`$[\]!<>\\|#+-]$/u;
const LONGEST_ADDRESS = 2048;
const NESTED = 512;

const VERBATIM = new Set<number>([
  smd.CODE_BLOCK, smd.CODE_FENCE, smd.CODE_INLINE, smd.RAW_URL, smd.EQUATION_BLOCK, smd.EQUATION_INLINE, smd.NEWLINE,
]);

export class Markdown implements Writer {
  readonly #page: Page;
  readonly #parser: smd.Parser;
  readonly #caret = document.createElement("span");
  /** the character before */
  #last = "";
  /** line ends since the last other character */
  #breaks = 0;
  /** the beginning of a line after a list and an empty line: is it another item? */
  #opening: string | null = null;
  /** the first half of a character that was cut in two; alone it is none */
  #half = "";
  /** underscores of which we do not know yet whether they are inside a word */
  #held = 0;

  constructor(root: Element) {
    const page = new Page(root);
    this.#page = page;
    this.#caret.className = "tw-caret";
    this.#parser = smd.parser({
      data: undefined,
      add_token: (_, token) => page.add(token, this.#markOf(token)),
      end_token: () => page.end(),
      add_text: (_, text) => page.text(text),
      set_attr: (_, attr, value) => page.set(attr, value),
    });
    // Room for deeper nesting than the parser's own, which writes past its end.
    this.#parser.tokens = new Uint32Array(NESTED).fill(smd.DOCUMENT, 0, 1);
    this.#parser.spaces = new Uint8Array(NESTED);
  }

  write(part: string): void {
    this.#caret.remove();
    const text = this.#half + part;
    this.#half = "";
    for (const char of text.replace(/[\ud800-\udbff]$/, (half) => ((this.#half = half), ""))) this.#put(char);
    this.#page.flush();
    this.#seat();
  }

  end(): void {
    this.#caret.remove();
    if (this.#opening) this.#decide();
    this.#letGo("");
    this.#take("\n");
    if (this.#parser.pending === "\n") this.#parser.pending = "";
    this.#pop(0);
  }

  free(): void {
    this.#page.free();
  }

  #markOf(token: number): string | undefined {
    if (token === smd.CODE_INLINE) return "`".repeat(this.#parser.fence_start);
    return token === smd.EQUATION_INLINE ? (this.#parser.pending[0] === "\\" ? "\\(" : "$") : undefined;
  }

  #put(char: string): void {
    if (this.#breaks > 1 && /\S/.test(char) && this.#listAt() > 0) this.#opening = "";
    this.#breaks = char === "\n" ? this.#breaks + 1 : 0;
    if (this.#opening === null) return this.#take(char);
    this.#opening += char;
    if (!/^([-*+]|\d{1,9}\.?)$/.test(this.#opening)) this.#decide();
  }

  /** A line that is no item ends the list; the parser would keep it in the item around the last. */
  #decide(): void {
    const opening = this.#opening ?? "";
    this.#opening = null;
    if (!/^([-*+]|\d+\.) $/.test(opening)) {
      this.#parser.pending = "";
      this.#pop(this.#listAt() - 1);
    }
    for (const char of opening) this.#take(char);
  }

  /** The place of the outermost list among the parser's tokens; 0 if there is none. */
  #listAt(): number {
    const { tokens, len } = this.#parser;
    for (let i = 1; i <= len; i++) if (tokens[i] === smd.LIST_UNORDERED || tokens[i] === smd.LIST_ORDERED) return i;
    return 0;
  }

  #take(char: string): void {
    if (char === "_" && (this.#held > 0 || WORD.test(this.#last)) && !VERBATIM.has(this.#parser.token) && !this.#inAddress) {
      this.#held++;
      return;
    }
    if (this.#held > 0) this.#letGo(char);
    this.#mend(char);
    if (!(char === " " && this.#betweenRows)) this.#feed(char);
    this.#last = char;
  }

  /** Underscores between two letters are letters; elsewhere they are marks. */
  #letGo(next: string): void {
    const literal = WORD.test(next);
    for (; this.#held > 0; this.#held--) {
      if (literal) this.#feed("\\");
      this.#feed("_");
    }
  }

  /** Close what must not reach beyond `char`. */
  #mend(char: string): void {
    const p = this.#parser;
    if (this.#inAddress && (char === "\n" || p.pending.length > LONGEST_ADDRESS)) {
      const rest = p.pending.slice(2);
      p.text += "](";
      p.pending = "";
      this.#pop(p.len - 1);
      for (const each of rest) this.#feed(each);
    }
    if (char === "\n" && p.token === smd.EQUATION_INLINE) this.#pop(p.len - 1);
    if (char === "\n" || char === "|") {
      // A heading and a cell end where they end, whatever is open in them.
      const block = this.#blockAt();
      const token = p.tokens[block] ?? 0;
      const bounded = token === smd.TABLE_CELL || (char === "\n" && token >= smd.HEADING_1 && token <= smd.HEADING_6);
      if (bounded && block < p.len && p.token !== smd.CODE_INLINE && !/^[*_~`]+$|^\]$/.test(p.pending)) this.#pop(block);
    }
    // The line after the last row is no row.
    for (let i = 0; i < 3 && this.#betweenRows && !"| \n".includes(char); i++) this.#feed("\n");
  }

  get #inAddress(): boolean {
    const { token, pending } = this.#parser;
    return (token === smd.LINK || token === smd.IMAGE) && pending[0] === "]" && pending[1] === "(";
  }

  get #betweenRows(): boolean {
    const { token, pending, table_state: state } = this.#parser;
    return (token === smd.TABLE_ROW && pending === "\n") || (token === smd.TABLE && state === 2 && pending === "");
  }

  /** The place of the innermost open block among the parser's tokens. */
  #blockAt(): number {
    const { tokens, len } = this.#parser;
    let at = len;
    while (at > 0 && INLINE.has(tokens[at] ?? 0)) at--;
    return at;
  }

  /** End tokens down to place `length` as if their marks had never been closed. */
  #pop(length: number): void {
    const p = this.#parser;
    this.#page.text(p.text + p.pending);
    p.text = p.pending = "";
    this.#page.closed = false;
    while (p.len > length) {
      p.len--;
      this.#page.end();
    }
    p.token = p.tokens[p.len] ?? smd.DOCUMENT;
    p.fence_start = 0;
  }

  #feed(char: string): void {
    // A mark closes itself only while it is what the parser reads; else its block ends.
    this.#page.closed = INLINE.has(this.#parser.token);
    smd.parser_write(this.#parser, char);
  }

  /** Put the caret at the end, with the letters that the parser has not given yet. */
  #seat(): void {
    const { token, pending } = this.#parser;
    const shown = token === smd.MAYBE_URL || (PLAIN.test(pending) && token !== smd.LINE_BREAK && token !== smd.DOCUMENT);
    this.#caret.textContent = (shown && !this.#inAddress && token !== smd.RAW_URL ? pending : "") + "_".repeat(this.#held);
    this.#page.tip.append(this.#caret);
  }
}
