/**
 * The DOM of a markdown text that grows. Nodes are made one by one from a short list of kinds and
 * filled with text nodes; nothing that a task wrote is ever parsed as HTML.
 */
import { h, render as draw } from "preact";
import * as smd from "streaming-markdown";
import { Copy } from "../ui/copy.js";
import { lexer } from "./highlight.js";
import { lead, safeLink, trailing } from "./links.js";
import { Lines, addText } from "./lines.js";

/** The element of each token; those not here are made in `#open`. */
const TAGS: Readonly<Record<number, string>> = {
  [smd.BLOCKQUOTE]: "blockquote",
  [smd.PARAGRAPH]: "p",
  [smd.LINE_BREAK]: "br",
  [smd.RULE]: "hr",
  [smd.HEADING_1]: "h1",
  [smd.HEADING_2]: "h2",
  [smd.HEADING_3]: "h3",
  [smd.HEADING_4]: "h4",
  [smd.HEADING_5]: "h5",
  [smd.HEADING_6]: "h6",
  [smd.ITALIC_AST]: "em",
  [smd.ITALIC_UND]: "em",
  [smd.STRONG_AST]: "strong",
  [smd.STRONG_UND]: "strong",
  [smd.STRIKE]: "s",
  [smd.CODE_INLINE]: "code",
  [smd.LINK]: "a",
  [smd.RAW_URL]: "a",
  [smd.IMAGE]: "a",
  [smd.LIST_UNORDERED]: "ul",
  [smd.LIST_ORDERED]: "ol",
  [smd.LIST_ITEM]: "li",
};

/** What a reader sees of a mark that was opened and never closed: the mark itself. */
const MARKS: Readonly<Record<number, string>> = {
  [smd.ITALIC_AST]: "*",
  [smd.ITALIC_UND]: "_",
  [smd.STRONG_AST]: "**",
  [smd.STRONG_UND]: "__",
  [smd.STRIKE]: "~~",
  [smd.LINK]: "[",
  [smd.IMAGE]: "![",
};
export const INLINE = new Set([...Object.keys(MARKS).map(Number), smd.CODE_INLINE, smd.EQUATION_INLINE, smd.RAW_URL]);

/** Characters after which the blocks go on in a box of their own: a browser looks at each child of what it lays out. */
const BOX = 16_384;
/** Deeper than this, what is nested is shown side by side. */
const DEPTH = 24;

interface Open {
  token: number;
  el: Element;
  mark: string;
  /** the address of a link or image; undefined before there is one */
  address?: string;
  lines?: Lines;
}

export class Page {
  readonly #root: Element;
  readonly #stack: Open[];
  readonly #slots: Element[] = [];
  #text = "";
  /** characters in the box that is filled now */
  #size = 0;
  /** whether the mark that ends now was closed by its own sign */
  closed = true;

  constructor(root: Element) {
    this.#root = root;
    this.#stack = [{ token: smd.DOCUMENT, el: root, mark: "" }];
  }

  /** The innermost element that is open. */
  get tip(): Element {
    const { el, lines } = this.#top;
    let tip = lines?.tip ?? el;
    // A list, table or row holds no text of its own.
    while (/^(ul|ol|table|thead|tbody|tr)$/.test(tip.localName) && tip.lastElementChild) tip = tip.lastElementChild;
    return tip;
  }

  get #top(): Open {
    return this.#stack.at(-1) as Open;
  }

  /** `mark` is how the token was written, if that is not always the same. */
  add(token: number, mark = MARKS[token] ?? ""): void {
    if (token === smd.DOCUMENT) return;
    this.flush();
    if (this.#stack.length === 1 && this.#size >= BOX) this.#box();
    const { el: parent } = this.#top;
    this.#stack.push(this.#stack.length > DEPTH ? { token: smd.DOCUMENT, el: parent, mark: "" } : this.#open(token, mark, parent));
  }

  end(): void {
    this.flush();
    if (this.#stack.length === 1) return;
    const open = this.#stack.pop() as Open;
    open.lines?.end();
    if (open.token === smd.EQUATION_INLINE && this.closed) open.el.append(open.mark === "\\(" ? "\\)" : open.mark);
    else if (open.token === smd.RAW_URL) endAddress(open.el as HTMLAnchorElement);
    else if (open.token === smd.LINK || open.token === smd.IMAGE) this.#endLink(open);
    else if (!this.closed && INLINE.has(open.token)) unwrap(open.el, open.token === smd.EQUATION_INLINE ? "" : open.mark);
  }

  text(text: string): void {
    this.#text += text;
  }

  set(attr: number, value: string): void {
    this.flush();
    const top = this.#top;
    if (attr === smd.HREF || attr === smd.SRC) top.address = value;
    else if (attr === smd.LANG) this.#label(top, value);
    else if (attr === smd.START && top.el.localName === "ol") (top.el as HTMLOListElement).start = Math.min(Number(value), 1e9) || 1;
    else if (attr === smd.CHECKED && top.token === smd.CHECKBOX) check(top.el, true);
  }

  /** Put the text that has gathered where it belongs. */
  flush(): void {
    if (!this.#text) return;
    this.#size += this.#text.length;
    const { el, lines } = this.#top;
    if (lines) lines.write(this.#text);
    else addText(el, this.#text);
    this.#text = "";
  }

  /** Take the page away. */
  free(): void {
    for (const slot of this.#slots) draw(null, slot);
    this.#root.replaceChildren();
  }

  #box(): void {
    const box = document.createElement("div");
    box.className = "tw-box";
    this.#root.append(box);
    this.#top.el = box;
    this.#size = 0;
  }

  #open(token: number, mark: string, parent: Element): Open {
    const put = (tag: string, name = "", into = parent): Element => {
      const el = document.createElement(tag);
      if (name) el.className = name;
      into.append(el);
      return el;
    };
    const open = (el: Element): Open => ({ token, el, mark });
    switch (token) {
      case smd.CODE_BLOCK:
      case smd.CODE_FENCE: {
        const box = put("div", "tw-code");
        const head = put("div", "tw-code-head", box);
        put("span", "tw-lang", head).textContent = "text";
        const slot = put("span", "tw-code-copy", head);
        const pre = put("pre", "", box) as HTMLElement;
        pre.tabIndex = 0;
        const code = put("code", "", pre);
        this.#slots.push(slot);
        draw(h(Copy, { label: "Copy code", text: () => code.textContent ?? "" }), slot);
        return { ...open(code), lines: new Lines(code) };
      }
      case smd.TABLE: {
        const box = put("div", "tw-table") as HTMLElement;
        box.tabIndex = 0;
        return open(put("table", "", box));
      }
      case smd.TABLE_ROW: {
        const rows = parent.children.length;
        return open(put("tr", "", rows > 1 ? (parent.lastElementChild as Element) : put(rows ? "tbody" : "thead")));
      }
      case smd.TABLE_CELL:
        return open(put(parent.parentElement?.localName === "thead" ? "th" : "td"));
      case smd.CHECKBOX: {
        const box = put("span", "tw-todo");
        box.setAttribute("role", "img");
        check(box, false);
        return open(box);
      }
      case smd.EQUATION_BLOCK:
        return open(put("div", "tw-math"));
      case smd.EQUATION_INLINE: {
        const math = put("span", "tw-math");
        math.append(mark);
        return open(math);
      }
      default:
        return open(put(TAGS[token] ?? "span"));
    }
  }

  #label({ el, lines }: Open, lang: string): void {
    // "python title=x" → "python"
    const language = lang.trim().split(/[\s{]/)[0]?.slice(0, 24) || "text";
    const name = el.closest(".tw-code")?.querySelector(".tw-lang");
    if (name) name.textContent = language;
    if (lines) lines.lexer = lexer(language.toLowerCase());
  }

  #endLink({ token, el, mark, address }: Open): void {
    if (address === undefined) return unwrap(el, mark, this.closed ? "]" : "");
    if (token === smd.IMAGE && !el.textContent) el.textContent = "image";
    const href = safeLink(address);
    if (href) return lead(el as HTMLAnchorElement, href);
    const plain = document.createElement("span");
    plain.className = "tw-nolink";
    plain.title = "This address is not shown as a link.";
    plain.append(...el.childNodes);
    el.replaceWith(plain);
  }
}

/** The content without its element, and its signs as they were written. */
function unwrap(el: Element, before: string, after = ""): void {
  el.prepend(before);
  el.append(after);
  el.replaceWith(...el.childNodes);
}

function endAddress(a: HTMLAnchorElement): void {
  const address = a.textContent ?? "";
  const rest = trailing(address);
  const href = safeLink(address.slice(0, address.length - rest.length));
  a.textContent = address.slice(0, address.length - rest.length);
  if (href) lead(a, href);
  if (rest) a.after(rest);
}

function check(box: Element, done: boolean): void {
  box.setAttribute("aria-label", done ? "done" : "to do");
  box.toggleAttribute("data-done", done);
}
