import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { safeLink, trailing } from "../src/markdown/links.js";
import { Markdown } from "../src/markdown/markdown.js";

/** The text drawn, from parts of `size` characters, as short HTML without our own attributes. */
function draw(text: string, size = Infinity, end = true): string {
  const root = document.createElement("div");
  const page = new Markdown(root);
  for (let i = 0; i < text.length; i += size) page.write(text.slice(i, i + size));
  if (end) page.end();
  for (const head of root.querySelectorAll(".tw-code-head")) head.remove();
  return root.innerHTML
    .replaceAll(/ (title|target|rel|tabindex|class|role)="[^"]*"/g, "")
    .replaceAll(/<div><table>(.*?)<\/table><\/div>/g, "<table>$1</table>")
    .replaceAll(/<div><pre><code>(.*?)<\/code><\/pre><\/div>/gs, "<pre>$1</pre>")
    .replaceAll(/<\/?span>/g, "");
}

const CASES: [markdown: string, html: string][] = [
  ["a **b** *c* ~~d~~ `e`", "<p>a <strong>b</strong> <em>c</em> <s>d</s> <code>e</code></p>"],
  ["# One\n## Two\ntext", "<h1>One</h1><h2>Two</h2><p>text</p>"],
  ["one\n\ntwo", "<p>one</p><p>two</p>"],
  ["- a\n- b\n  - c", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"],
  ["3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'],
  ["> said", "<blockquote><p>said</p></blockquote>"],
  ["```python\nx = 1\n```\nafter", "<pre>x = 1</pre><p>after</p>"],
  ["| a | b |\n|---|---|\n| 1 | `x` |\n\nafter", "<table><thead><tr><th> a </th><th> b </th></tr></thead><tbody><tr><td> 1 </td><td> <code>x</code> </td></tr></tbody></table><p>after</p>"],
  ["| a |\n|---|\n| 1 |\nafter", "<table><thead><tr><th> a </th></tr></thead><tbody><tr><td> 1 </td></tr></tbody></table><p>after</p>"],
  ["| a |\n|---|\n| *1 |\n| 2 |", "<table><thead><tr><th> a </th></tr></thead><tbody><tr><td> *1 </td></tr><tr><td> 2 </td></tr></tbody></table>"],
  ["- [x] done\n- [ ] open", '<ul><li><span aria-label="done" data-done=""> done</li><li><span aria-label="to do"> open</li></ul>'],
  // a list ends with it
  ["1. a\n   - b\n\nafter", "<ol><li>a<ul><li>b</li></ul></li></ol><p>after</p>"],
  ["- a\n  - b\n\n**Note:** c", "<ul><li>a<ul><li>b</li></ul></li></ul><p><strong>Note:</strong> c</p>"],
  ["- a\n\n- b\n\n12 c", "<ul><li>a</li><li>b</li></ul><p>12 c</p>"],
  ["- a\n  - b\n\n---\nc", "<ul><li>a<ul><li>b</li></ul></li></ul><hr><p>c</p>"],
  ["- a\n\n1", "<ul><li>a</li></ul><p>1</p>"],
  // names are not emphasis
  ["set user_id and max_num_rows", "<p>set user_id and max_num_rows</p>"],
  ["__init__ is _it_ here", "<p><strong>init</strong> is <em>it</em> here</p>"],
  ["a `b_c_d` e", "<p>a <code>b_c_d</code> e</p>"],
  ["[x](https://a.b/c_d_e)", '<p><a href="https://a.b/c_d_e">x</a></p>'],
  // what is never closed is what was written
  ["5*x is y\n\nnext", "<p>5*x is y</p><p>next</p>"],
  ["so **bold", "<p>so **bold</p>"],
  ["a `b\n\nnext", "<p>a `b</p><p>next</p>"],
  ["see [1] and a[0]", "<p>see [1] and a[0]</p>"],
  ["[never\n\nnext", "<p>[never</p><p>next</p>"],
  ["[text](https://never.closed\n\nnext", '<p>[text](<a href="https://never.closed/">https://never.closed</a></p><p>next</p>'],
  ["in $HOME/bin\n\nnext", "<p>in $HOME/bin</p><p>next</p>"],
  ["$x^2$ and \\(y\\)", "<p>$x^2$ and \\(y\\)</p>"],
  ["# A *b\ntext", "<h1>A *b</h1><p>text</p>"],
  ["```\nopen", "<pre>open</pre>"],
  ["~~gone\n- item", "<p>~~gone</p><ul><li>item</li></ul>"],
  // links
  ['[a](https://b.c "title")', '<p><a href="https://b.c/">a</a></p>'],
  ["see https://a.b/c). then", '<p>see <a href="https://a.b/c">https://a.b/c</a>). then</p>'],
  ["see https://a.b/c_(d)", '<p>see <a href="https://a.b/c_(d)">https://a.b/c_(d)</a></p>'],
  ["![a chart](https://a.b/c.png)", '<p><a href="https://a.b/c.png">a chart</a></p>'],
  ["![](https://a.b/c.png)", '<p><a href="https://a.b/c.png">image</a></p>'],
  ["[m](mailto:a@b.c)", '<p><a href="mailto:a@b.c">m</a></p>'],
  ["[x](javascript:alert(1))", "<p>x)</p>"],
  ["[x](data:text/html,hi)", "<p>x</p>"],
  ["[x](//evil.example)", "<p>x</p>"],
  ["[x](#here)", "<p>x</p>"],
  ["![x](javascript:1)", "<p>x</p>"],
  ["\\😀http://a.b", '<p>😀<a href="http://a.b/">http://a.b</a></p>'],
  // HTML is text
  ["<b>x</b> & <script>1</script>", "<p>&lt;b&gt;x&lt;/b&gt; &amp; &lt;script&gt;1&lt;/script&gt;</p>"],
];

describe("markdown", () => {
  test.each(CASES)("%j", (text, html) => {
    expect(draw(text)).toBe(html);
    expect(draw(text, 1)).toBe(html);
    expect(draw(text, 3)).toBe(html);
  });
});

const PIECES = ["*", "**", "_", "`", "```", "\n", "\n\n", "[", "](", ")", "!", "|", "|-|\n", "- ", "1. ", "> ", "# ", "$", "\\", "<br>", "http://a.b", " ", "a", "word_", "~~", "é", "😀", "    "];
const anyText = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string()), { maxLength: 60 }).map((pieces) => pieces.join(""));

test("however a text is cut, it is drawn the same, and the parser never fails", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 7 }), (text, size) => {
      expect(draw(text, size)).toBe(draw(text));
    }),
    { numRuns: 400 },
  );
});

test("no letter is lost", () => {
  const letters = (text: string) => text.replaceAll(/[^a-z]/g, "");
  const prose = fc.array(fc.constantFrom("*", "**", "_", "`", "\n", "\n\n", "[", "]", "(", " ", "- ", "> ", "# ", "word", "ab", "c ", "~~", "x_y"), { maxLength: 40 });
  fc.assert(
    fc.property(prose, (pieces) => {
      // What follows a fence on its line is a language, not text.
      fc.pre(!pieces.join("").includes("```"));
      const root = document.createElement("div");
      const page = new Markdown(root);
      page.write(pieces.join(""));
      page.end();
      expect(letters(root.textContent ?? "")).toBe(letters(pieces.join("")));
    }),
    { numRuns: 400 },
  );
});

describe("while it grows", () => {
  const now = (text: string) => {
    const root = document.createElement("div");
    new Markdown(root).write(text);
    return root;
  };
  test.each(["The cat", "so **bold", "a `co", "- item on", "see the h", "user_", "| a | b", "> quo"])("%j shows its last letter", (text) =>
    expect(now(text).textContent?.at(-1)).toBe(text.at(-1)));
  test.each([["[tex", "tex"], ["[text](https://a.b/", "text"], ["```py\nx = ", "x ="]])("%j shows no half mark", (text, shown) =>
    expect(now(text).textContent?.replace("textCopy", "").replace(/^py/, "").trim()).toBe(shown));

  test("nodes that are there stay there", () => {
    const root = document.createElement("div");
    const page = new Markdown(root);
    page.write("# Title\n\nOne **two** three.\n\n- item\n");
    const [title, paragraph] = root.children;
    for (let i = 0; i < 100; i++) page.write(`- item ${i} with \`code\`\n\npara ${i}\n\n`);
    expect([root.children[0], root.children[1]]).toEqual([title, paragraph]);
  });

  test("a long text goes on in boxes, and what is in them stays there", () => {
    const root = document.createElement("div");
    const page = new Markdown(root);
    const paragraph = "some *words* ".repeat(100).trim();
    for (let i = 0; i < 100; i++) page.write(`${paragraph} ${i}\n\n`);
    const [first, box] = [root.children[0], root.querySelector(".tw-box")];
    const inside = [...(box?.children ?? [])];
    for (let i = 100; i < 200; i++) page.write(`${paragraph} ${i}\n\n`);
    page.end();
    expect([root.children[0], ...root.querySelector(".tw-box")?.children ?? []].slice(0, inside.length)).toEqual([first, ...inside].slice(0, inside.length));
    expect([...root.querySelectorAll("p")].map((each) => each.textContent?.split(" ").at(-1))).toEqual(Array.from({ length: 200 }, (_, i) => String(i)));
    expect(root.children.length).toBeLessThan(40);
  });

  test("there is one caret, inside the last block, and none at the end", () => {
    const root = document.createElement("div");
    const page = new Markdown(root);
    for (const part of ["one\n", "\n- two", " three", "\n\n| a |", "\n|-|\n| b"]) {
      page.write(part);
      const carets = root.querySelectorAll(".tw-caret");
      expect(carets).toHaveLength(1);
      expect(root.lastElementChild?.contains(carets[0] ?? null)).toBe(true);
    }
    page.end();
    expect(root.querySelector(".tw-caret")).toBeNull();
  });
});

test("deep nesting is cut, not followed", () => {
  const root = document.createElement("div");
  const page = new Markdown(root);
  page.write(`${">".repeat(5000)} deep\n\n${Array.from({ length: 300 }, (_, i) => `${"  ".repeat(i)}- x`).join("\n")}`);
  page.end();
  let depth = 0;
  for (let el: Element | null = root; el; el = el.firstElementChild) depth++;
  expect(depth).toBeLessThan(40);
  expect(root.textContent).toContain("deep");
});

// Were it quadratic, it would not end in the time that a test has.
test("a megabyte after `](` is written as other text is", () => {
  const root = document.createElement("div");
  const page = new Markdown(root);
  page.write(`[a](${"b".repeat(300_000)}`);
  page.end();
  expect(root.textContent?.length).toBeGreaterThan(300_000);
});

test("a part costs the same at the end of a long text as at its beginning", () => {
  const root = document.createElement("div");
  const page = new Markdown(root);
  const part = "A sentence of **some** `words`, and the next one; ".repeat(3);
  const time = (parts: number) => {
    const from = performance.now();
    for (let i = 0; i < parts; i++) page.write(i % 20 ? part : `${part}\n\n`);
    return performance.now() - from;
  };
  time(100);
  const early = time(200);
  time(1600);
  expect(time(200)).toBeLessThan(early * 4 + 30);
});

test.each([
  ["https://a.b", ""], ["https://a.b.", "."], ["https://a.b/c)", ")"], ["https://a.b/(c)", ""], ["https://a.b\">", '">'],
])("after the address in %j comes %j", (address, rest) => expect(trailing(address)).toBe(rest));

test.each(["javascript:alert(1)", " java\nscript:alert(1)", "JaVaScRiPt:1", "data:text/html,1", "vbscript:1", "file:///etc/passwd", "blob:https://a/1", "/path", "//host", "", "\u0001javascript:1", "about:blank"])(
  "%j is no link", (address) => expect(safeLink(address)).toBeNull());
