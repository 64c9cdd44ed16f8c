import { describe, expect, test } from "vitest";
import { type Folded, type Frame, fold, parse, place } from "../src/run/traceback.js";

const PYTHON = `Traceback (most recent call last):
  File "/app/tasks.py", line 31, in bootstrap
    frame = load(payload["region"])
            ^^^^^^^^^^^^^^^^^^^^^^^
  File "/venv/lib/python3.11/site-packages/pandas/io/readers.py", line 1026, in read_csv
    return _read(path)
  File "/usr/lib/python3.11/json/decoder.py", line 337, in decode
  File "/app/tasks.py", line 40, in clean
    raise ValueError("no")
ValueError: no`;

const frames = (parts: readonly { kind: string }[]) => parts.filter((part): part is Frame => part.kind === "frame");

describe("Python", () => {
  const parts = parse(PYTHON, "ValueError: no");

  test("frames have a file, a line, a name and their code", () => {
    expect(parts).toHaveLength(4);
    expect(parts[0]).toEqual({
      kind: "frame",
      file: "/app/tasks.py",
      line: 31,
      name: "bootstrap",
      code: ['frame = load(payload["region"])', "        ^^^^^^^^^^^^^^^^^^^^^^^"],
      library: null,
    });
  });

  test("libraries are known by where they are", () => {
    expect(frames(parts).map((frame) => frame.library)).toEqual([null, "pandas", "python", null]);
  });

  test("neighbouring frames of libraries are folded", () => {
    const folded = fold(parts);
    expect(folded.map((part) => part.kind)).toEqual(["frame", "folded", "frame"]);
    expect((folded[1] as Folded).libraries).toBe("pandas, python");
  });

  test("nothing is folded when there is nothing else", () => {
    const only = parse('  File "/v/site-packages/a/b.py", line 1, in f\n    x', "");
    expect(fold(only)).toEqual(only);
  });

  test("what stands between chained tracebacks stays", () => {
    const chained = parse(`${PYTHON}\n\nDuring handling of the above exception, another exception occurred:\n\n${PYTHON}`, "ValueError: no");
    expect(chained.filter((part) => part.kind === "note").map((note) => "text" in note && note.text)).toEqual([
      "ValueError: no",
      "During handling of the above exception, another exception occurred:",
    ]);
  });
});

test("V8", () => {
  const parts = parse(
    "TypeError: no\n    at run (file:///app/tasks.ts:39:11)\n    at file:///app/node_modules/@trigger.dev/core/t.ts:13:18\n    at node:internal/main:1:2",
    "TypeError: no",
  );
  expect(frames(parts).map(({ file, line, name, library }) => [file, line, name, library])).toEqual([
    ["/app/tasks.ts", 39, "run", null],
    ["/app/node_modules/@trigger.dev/core/t.ts", 13, null, "@trigger.dev/core"],
    ["node:internal/main", 1, null, "node"],
  ]);
});

test("what is no traceback is kept as it is", () => {
  expect(parse("boom\n  bang", "")).toEqual([
    { kind: "note", text: "boom" },
    { kind: "note", text: "  bang" },
  ]);
});

test.each([
  ["/app/tasks.py", "tasks.py:3"],
  ["C:\\app\\tasks.py", "tasks.py:3"],
  ["/tmp/ipykernel_4711/1093021.py", "notebook cell, line 3"],
  ["<ipython-input-12-0a1b>", "cell 12, line 3"],
  ["Cell In[12]", "cell 12, line 3"],
  ["<string>", "<string>:3"],
])("%s is %s", (file, text) => {
  expect(place({ kind: "frame", file, line: 3, name: null, code: [], library: null })).toBe(text);
});
