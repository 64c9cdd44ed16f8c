/** Puts a text that grows into the page, and counts its words, without ever going over all of it. */
import { Markdown } from "../markdown/markdown.js";
import { Plain, type Writer } from "../markdown/plain.js";

/** How long one turn may take, in ms, and how much is written between two looks at the clock. */
const TURN_MS = 20;
const SLICE = 4096;

export type Mode = "markdown" | "text";

export class Reader {
  readonly #host: Element;
  readonly #mode: Mode;
  readonly #onChange: () => void;
  #writer: Writer;
  #source = "";
  /** how much of it we have been told, when all is told again from the beginning */
  #told = 0;
  #queue: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  #ended = false;
  #inWord = false;
  /** words written so far */
  words = 0;

  /** `onChange` is called after something was written. */
  constructor(host: Element, mode: Mode, onChange: () => void) {
    this.#host = host;
    this.#mode = mode;
    this.#onChange = onChange;
    this.#writer = this.#begin();
  }

  /** The text is `text`, of `length` characters in all: the rest comes later. What is there of it stays as it is. */
  whole(text: string, length = 0): void {
    this.#told = 0;
    if (length <= text.length ? !text.startsWith(this.#source) : !text.startsWith(this.#source.slice(0, text.length))) this.#clear();
    this.part(text);
  }

  /** The text goes on. */
  part(text: string): void {
    const at = this.#told;
    this.#told += text.length;
    const known = this.#source.slice(at, this.#told);
    if (!text.startsWith(known)) {
      const before = this.#source.slice(0, at);
      this.#clear();
      this.#add(before + text);
    } else this.#add(text.slice(known.length));
  }

  #add(text: string): void {
    if (!text) return;
    // After its end a text is closed; one that goes on all the same is written anew.
    if (this.#ended) {
      const before = this.#source;
      this.#clear();
      this.#queue.push(before);
      this.#source = before;
    }
    this.#source += text;
    this.#told = Math.max(this.#told, this.#source.length);
    this.#queue.push(text);
    if (this.#timer === undefined) this.#pour();
  }

  /** Whether no more will come. */
  set over(over: boolean) {
    this.#over = over;
    if (this.#timer === undefined) this.#pour();
  }

  free(): void {
    clearTimeout(this.#timer);
    this.#writer.free();
  }

  #begin(): Writer {
    return this.#mode === "text" ? new Plain(this.#host) : new Markdown(this.#host);
  }

  #clear(): void {
    this.free();
    this.#timer = undefined;
    this.#writer = this.#begin();
    this.#source = "";
    this.#queue = [];
    this.#ended = this.#inWord = false;
    this.words = 0;
  }

  /** Write what waits, in turns that leave the page alive. */
  #pour(): void {
    const until = performance.now() + TURN_MS;
    let next = this.#queue[0];
    while (next !== undefined && performance.now() <= until) {
      const slice = next.slice(0, SLICE);
      this.#writer.write(slice);
      this.#count(slice);
      if (next.length > SLICE) this.#queue[0] = next.slice(SLICE);
      else this.#queue.shift();
      next = this.#queue[0];
    }
    this.#timer = next === undefined ? undefined : setTimeout(() => this.#pour());
    if (next === undefined && this.#over && !this.#ended && this.#source) {
      this.#ended = true;
      this.#writer.end();
    }
    this.#onChange();
  }

  #count(text: string): void {
    const starts = text.match(/\S+/g)?.length ?? 0;
    this.words += this.#inWord && /^\S/.test(text) ? starts - 1 : starts;
    this.#inWord = /\S$/.test(text);
  }
}
