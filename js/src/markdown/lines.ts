import type { Lexer } from "./highlight.js";

/** Characters in a block; the browser lays out one block anew when text is added to it. */
const BLOCK = 8192;
/** Characters in a text node: adding to one copies it. */
const NODE = 4096;

/** Add text at the end of `el`, to the text node that is there while that is short. */
export function addText(el: Element, text: string): void {
  const last = el.lastChild;
  if (last?.nodeType === Node.TEXT_NODE && (last as Text).length < NODE) (last as Text).appendData(text);
  else el.append(text);
}

/** Text that grows, in blocks of whole lines: a part costs the same however much is there. */
export class Lines {
  readonly #host: Element;
  #block: Element | null = null;
  #size = 0;
  /** the line that is not over, where lines are coloured */
  #line: Element | null = null;
  /** colours each line once it is there */
  lexer: Lexer | null = null;

  constructor(host: Element) {
    this.#host = host;
  }

  /** What the next text goes into. */
  get tip(): Element {
    return this.#line ?? this.#block ?? this.#host;
  }

  /** No more will come. */
  end(): void {
    const line = this.#line;
    this.#line = null;
    if (!line || !this.lexer) return;
    line.replaceWith(
      ...this.lexer(line.textContent ?? "").map(([kind, text]) => {
        if (!kind) return text;
        const el = document.createElement("span");
        el.className = `tw-${kind}`;
        el.textContent = text;
        return el;
      }),
    );
  }

  write(text: string): void {
    let rest = text;
    while (rest) {
      if (!this.#block) this.#begin();
      const room = Math.max(0, BLOCK - this.#size);
      const cut = rest.length <= room ? rest.length : rest.indexOf("\n", room) + 1 || rest.length;
      const now = rest.slice(0, cut);
      this.#add(now);
      this.#size += cut;
      if (this.#size >= BLOCK && now.endsWith("\n")) this.#block = null;
      rest = rest.slice(cut);
    }
  }

  #add(text: string): void {
    if (!this.lexer) return addText(this.tip, text);
    for (const [i, part] of text.split("\n").entries()) {
      if (i > 0) {
        this.end();
        addText(this.tip, "\n");
      }
      if (!part) continue;
      if (!this.#line) this.tip.append((this.#line = document.createElement("span")));
      addText(this.#line as Element, part);
    }
  }

  #begin(): void {
    this.#block = document.createElement("span");
    this.#block.className = "tw-lines";
    this.#size = 0;
    this.#host.append(this.#block);
  }
}
