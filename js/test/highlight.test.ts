import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lexer } from "../src/markdown/highlight.js";
import { Markdown } from "../src/markdown/markdown.js";

const coloured = (lang: string, ...lines: string[]) => {
  const read = lexer(lang);
  if (!read) throw new Error(lang);
  return lines.map((line) => read(line).map(([kind, text]) => (kind ? `${kind}(${text})` : text)).join(""));
};

test.each([
  ["python", 'def f(x: int = 0x1F) -> None:  # ü "no"', 'b(def) f(x: int = n(0x1F)) -> b(None):  dim(# ü "no")'],
  ["python", "s = 'it\\'s' + a1 + \"open", "s = s('it\\'s') + a1 + s(\"open)"],
  ["json", '{"a": [1, -2.5e3, true, "b"]}', '{s("a"): [n(1), -n(2.5e3), b(true), s("b")]}'],
  ["sql", "SELECT a FROM t WHERE b = 'x' -- why", "b(SELECT) a b(FROM) t b(WHERE) b = s('x') dim(-- why)"],
  ["bash", "echo $HOME a#b # c", "b(echo) $HOME a#b dim(# c)"],
  ["ts", "const a = 1_000; // x", "b(const) a = n(1_000); dim(// x)"],
])("%s: %s", (lang, line, expected) => {
  expect(coloured(lang, line)).toEqual([expected]);
});

test("what goes over several lines is one thing", () => {
  expect(coloured("python", 'a = """one', "def two", 'three""" + b')).toEqual(['a = s("""one)', "s(def two)", 's(three""") + b']);
  expect(coloured("js", "a /* if", "for */ if")).toEqual(["a dim(/* if)", "dim(for */) b(if)"]);
});

test("a language that it does not know stays as it is", () => {
  for (const lang of ["", "text", "klingon", "__proto__", "constructor"]) expect(lexer(lang)).toBeNull();
});

describe("whatever is written", () => {
  const hostile = fc.string({ unit: fc.constantFrom(..."ab1.\"'`#/*-\\ <>&{}é😀") });

  test("the pieces are the line", () => {
    fc.assert(
      fc.property(fc.constantFrom("python", "js", "sql", "json", "bash"), fc.array(hostile), (lang, lines) => {
        const read = lexer(lang);
        for (const line of lines) expect(read?.(line).map(([, text]) => text).join("")).toBe(line);
      }),
    );
  });

  test("the text of a block is the code, however it was cut into parts", () => {
    const source = "```python\ndef f():\n    '''long\n  <b>text</b>''' + 1\n\nx = \"last\"";
    fc.assert(
      fc.property(fc.array(fc.nat(source.length), { maxLength: 8 }), (cuts) => {
        const host = document.createElement("div");
        const page = new Markdown(host);
        const at = [0, ...cuts.sort((a, b) => a - b), source.length];
        for (const [i, end] of at.entries()) if (i) page.write(source.slice(at[i - 1], end));
        page.end();
        expect(host.querySelector("code")?.textContent).toBe(source.slice(10));
        expect(host.querySelectorAll(".tw-b").length).toBe(1);
        expect(host.querySelectorAll("b").length).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});
