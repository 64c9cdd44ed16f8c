/** Reading a traceback: whose frames are whose. Python's format and V8's. */

export interface Frame {
  kind: "frame";
  file: string;
  line: number;
  name: string | null;
  code: string[];
  /** the package, when it is not the user's own code */
  library: string | null;
}
export interface Note {
  kind: "note";
  text: string;
}
export interface Folded {
  kind: "folded";
  frames: Frame[];
  /** "pandas, numpy" */
  libraries: string;
}

const PYTHON = /^\s*File "(.+?)", line (\d+)(?:, in (.+))?$/;
const V8 = /^\s+at (?:(.+?) \()?(?:file:\/\/)?([^()\s]+?):(\d+):\d+\)?$/;
const MAX_LINES = 2000;

/** The lines of a traceback as frames and what is between them. `head` is "Name: message". */
export function parse(stack: string, head: string): (Frame | Note)[] {
  const parts: (Frame | Note)[] = [];
  let body = stack.trimEnd();
  if (head && body.endsWith(head)) body = body.slice(0, -head.length);
  else if (head && body.startsWith(head)) body = body.slice(head.length);
  let frame: Frame | null = null;
  for (const line of body.split("\n", MAX_LINES)) {
    const found = PYTHON.exec(line);
    const v8 = found ? null : V8.exec(line);
    if (found ?? v8) {
      const [file, number, name] = found ? [found[1], found[2], found[3]] : [v8?.[2], v8?.[3], v8?.[1]];
      frame = { kind: "frame", file: file ?? "", line: Number(number), name: name ?? null, code: [], library: null };
      frame.library = libraryOf(frame.file);
      parts.push(frame);
    } else if (frame && /^ {4}/.test(line)) {
      frame.code.push(line.slice(4));
    } else {
      frame = null;
      if (line.trim() && !line.startsWith("Traceback (most recent call last)")) parts.push({ kind: "note", text: line });
    }
  }
  return parts;
}

/** Neighbouring frames of libraries folded into one, unless there is nothing else. */
export function fold(parts: readonly (Frame | Note)[]): (Frame | Note | Folded)[] {
  if (!parts.some((part) => part.kind === "frame" && !part.library)) return [...parts];
  const folded: (Frame | Note | Folded)[] = [];
  for (const part of parts) {
    const last = folded.at(-1);
    if (part.kind === "note" || !part.library) folded.push(part);
    else if (last?.kind === "folded") last.frames.push(part);
    else folded.push({ kind: "folded", frames: [part], libraries: "" });
  }
  for (const part of folded) {
    if (part.kind === "folded") part.libraries = [...new Set(part.frames.map((frame) => frame.library))].join(", ");
  }
  return folded;
}

function libraryOf(file: string): string | null {
  const path = file.replaceAll("\\", "/");
  const inside = /\/(?:site-packages|dist-packages|node_modules)\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  if (inside) return inside.replace(/\.py$/, "");
  if (/^<frozen |^node:|\/lib\/python3[.\d]*\//.test(path)) return path.startsWith("node:") ? "node" : "python";
  return /\/trigger_widgets\//.test(path) ? "trigger_widgets" : null;
}

/** Where a frame is, in words a reader knows: "tasks.py:31", "notebook cell, line 3". */
export function place({ file, line }: Frame): string {
  const cell = /<ipython-input-(\d+)|^Cell In\[(\d+)\]/.exec(file);
  if (cell) return `cell ${cell[1] ?? cell[2]}, line ${line}`;
  if (/[/\\]ipykernel_\d+[/\\]/.test(file)) return `notebook cell, line ${line}`;
  return `${file.split(/[/\\]/).at(-1) || file}:${line}`;
}
