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

  constructor(host: Element) {
    this.#host = host;
  }

  /** What the next text goes into. */
  get tip(): Element {
    return this.#block ?? this.#host;
  }

  write(text: string): void {
    let rest = text;
    while (rest) {
      if (!this.#block) this.#begin();
      const room = Math.max(0, BLOCK - this.#size);
      const cut = rest.length <= room ? rest.length : rest.indexOf("\n", room) + 1 || rest.length;
      const now = rest.slice(0, cut);
      addText(this.tip, now);
      this.#size += cut;
      if (this.#size >= BLOCK && now.endsWith("\n")) this.#block = null;
      rest = rest.slice(cut);
    }
  }

  #begin(): void {
    this.#block = document.createElement("span");
    this.#block.className = "tw-lines";
    this.#size = 0;
    this.#host.append(this.#block);
  }
}
