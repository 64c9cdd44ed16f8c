import { Lines } from "./lines.js";

/** What a text is written into, a part at a time. */
export interface Writer {
  write(part: string): void;
  /** No more will come: show what was held back. */
  end(): void;
  free(): void;
}

/** Text as it is. */
export class Plain implements Writer {
  readonly #host: Element;
  readonly #lines: Lines;
  readonly #caret = document.createElement("span");

  constructor(host: Element) {
    this.#host = host;
    this.#lines = new Lines(host);
    this.#caret.className = "tw-caret";
  }

  write(part: string): void {
    this.#caret.remove();
    this.#lines.write(part);
    this.#lines.tip.append(this.#caret);
  }

  end(): void {
    this.#caret.remove();
  }

  free(): void {
    this.#host.replaceChildren();
  }
}
