/** Putting a card on a page and acting on it, for the tests of the cards. */
import { act } from "preact/test-utils";
import { expect } from "vitest";
import { render } from "../src/core.js";
import "../src/pieces/forms.js";
import "../src/pieces/table.js";
import { FakeModel, liveModel } from "./fake-model.js";

let undo: (() => void)[] = [];

export function clear(): void {
  for (const each of undo) each();
  undo = [];
  document.body.replaceChildren();
}

export async function show(model: FakeModel): Promise<HTMLElement> {
  const el = document.createElement("div");
  document.body.append(el);
  await act(() => void undo.push(render({ model, el })));
  return el;
}

export const showLive = (state: object, kind: string) => show(liveModel({ ...state }, kind));

/** A card of which only the saved state is there. */
export function showSaved(state: object, kind: string): Promise<HTMLElement> {
  const model = new FakeModel({ _kind: kind, _snapshot: { seq: 3, saved_at: Date.now() - 3_600_000, state } });
  model.onSend = () => {
    throw new Error("no comm");
  };
  return show(model);
}

export const patch = (model: FakeModel, seq: number, change: object) => act(() => model.custom({ kind: "patch", seq, ...change }));
export const text = (el: Element | null | undefined) => (el?.textContent ?? "").replaceAll(/[\u202f\u00a0]/g, " ");
export const button = (el: Element, words: string) =>
  [...el.querySelectorAll("button")].find((each) => text(each).includes(words)) ?? expect.fail(`no button ${words}`);
export const click = (el: HTMLElement) => act(() => el.click());
export const actions = (model: FakeModel) => model.sent.filter((message) => message["kind"] === "action");

/** Links as they may be, and no element or attribute that could do anything. */
export function expectInert(el: Element): void {
  const known = "div article header footer span svg path circle button section label textarea input select option fieldset legend kbd p b i code pre time br hr h1 h2 h3 h4 h5 h6 em strong s a ul ol li blockquote table thead tbody tr th td";
  const elements = new Set(known.split(" "));
  for (const each of el.querySelectorAll("*")) {
    expect(elements).toContain(each.localName);
    for (const { name, value } of each.attributes) {
      expect(name).not.toMatch(/^on|^(src|srcdoc|action|formaction|xlink:href)$/);
      if (name === "style") expect(value).toMatch(/^((--tw-level|flex-grow|--tw-cols|--tw-least|grid-column|top|height|min-height|min-width|width|transform): ?[\w.%(), -]+;? ?)+$/);
      if (name !== "href") continue;
      expect(value).toMatch(/^(https?:|mailto:)/);
      expect([each.getAttribute("rel"), each.getAttribute("target")]).toEqual(["noopener noreferrer nofollow", "_blank"]);
    }
  }
  expect((globalThis as Record<string, unknown>)["pwned"]).toBeUndefined();
}

export const CORPUS = [
  "<script>globalThis.pwned=1</script>",
  "<img src=x onerror=globalThis.pwned=1>",
  "<svg/onload=globalThis.pwned=1>",
  "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
  "\"><b onmouseover=globalThis.pwned=1>x</b>",
  "[x](javascript:globalThis.pwned=1)",
  "[x]( JaVa\tScRiPt:globalThis.pwned=1)",
  "![x](javascript:globalThis.pwned=1)",
  "![x](https://evil.example/pixel.png)",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](https://ok.example/\" onclick=\"globalThis.pwned=1)",
  "<https://ok.example/><script>globalThis.pwned=1</script>",
  "```html onload=globalThis.pwned=1\n<script>globalThis.pwned=1</script>\n```",
  "`<img src=x onerror=globalThis.pwned=1>`",
  "| <img src=x onerror=globalThis.pwned=1> |\n|---|\n| [x](vbscript:1) |",
  "</style><style>*{display:none}</style>",
  "\u202e\u2066evil\u0000\ud800",
  "__proto__",
];
