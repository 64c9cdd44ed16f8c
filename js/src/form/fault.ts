/** Why a text is no JSON, in the words of somebody who helps; the browsers' own words differ. */

export interface Fault {
  /** from 1 */
  line: number;
  column: number;
  /** place in the text, from 0 */
  at: number;
  /** one sentence */
  message: string;
}

export type Parsed = { ok: true; value: unknown } | { ok: false; fault: Fault };

export function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, fault: findFault(text) };
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /[\p{L}_][\p{L}\p{N}_]*/uy;
const PYTHON: Record<string, string> = { True: "true", False: "false", None: "null" };
const MAX_DEPTH = 500;

class Stop extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

function findFault(text: string): Fault {
  let at = 0;
  let message = "This is no JSON.";
  try {
    const end = space(text, value(text, space(text, 0), 0));
    if (end < text.length) throw new Stop(end, "Only one value can be sent, and it ends before this.");
  } catch (stop) {
    if (!(stop instanceof Stop)) throw stop;
    ({ at, message } = stop);
  }
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, at, message };
}

function space(text: string, at: number): number {
  while (at < text.length && " \t\n\r".includes(text.charAt(at))) at++;
  return at;
}

/** The place after what `pattern` finds at `at`, or -1. */
function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

function value(text: string, at: number, depth: number): number {
  const char = text.charAt(at);
  if (char === "") throw new Stop(at, at === 0 || text.trim() === "" ? "Write a JSON value here, for example {}." : "A value is missing at the end.");
  if (depth > MAX_DEPTH) throw new Stop(at, "This is nested too deep.");
  if (char === "{") return branch(text, at, depth, "}");
  if (char === "[") return branch(text, at, depth, "]");
  if (char === '"') return string(text, at);
  if (char === "'") throw new Stop(at, 'JSON takes double quotes: write "…" instead of \'…\'.');
  const number = match(NUMBER, text, at);
  const after = number < 0 ? "" : text.charAt(number);
  if (number >= 0 && !/[\w.]/.test(after)) return number;
  if (number >= 0) throw new Stop(at, "This number is not written as JSON has it.");
  const end = match(WORD, text, at);
  const word = end < 0 ? "" : text.slice(at, end);
  if (["true", "false", "null"].includes(word)) return end;
  const instead = Object.hasOwn(PYTHON, word) ? PYTHON[word] : undefined;
  if (instead) throw new Stop(at, `Write ${instead}, not ${word}.`);
  if (word === "NaN" || word === "Infinity") throw new Stop(at, `JSON has no ${word}: write null.`);
  if (word) throw new Stop(at, `Text needs double quotes: "${word.slice(0, 30)}".`);
  throw new Stop(at, char === "#" || char === "/" ? "JSON has no comments." : "A value is missing before this.");
}

function string(text: string, at: number): number {
  const end = match(STRING, text, at);
  if (end >= 0) return end;
  const line = text.indexOf("\n", at);
  const rest = text.slice(at + 1, line < 0 ? undefined : line);
  const slash = /\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(rest);
  if (slash) throw new Stop(at + 1 + slash.index, "A backslash is written twice: \\\\.");
  throw new Stop(at, "This text has no closing quote on its line.");
}

function branch(text: string, start: number, depth: number, close: string): number {
  let at = space(text, start + 1);
  if (text.charAt(at) === close) return at + 1;
  for (;;) {
    if (close === "}") at = key(text, at);
    at = space(text, value(text, at, depth + 1));
    const char = text.charAt(at);
    if (char === close) return at + 1;
    if (char === "") throw new Stop(start, `This ${text.charAt(start)} is never closed.`);
    if (char !== ",") throw new Stop(at, `A comma or ${close} is missing before this.`);
    const next = space(text, at + 1);
    if (text.charAt(next) === close) throw new Stop(at, `There is a comma too many before ${close}.`);
    at = next;
  }
}

function key(text: string, at: number): number {
  const char = text.charAt(at);
  if (char === "") throw new Stop(at, "A } is missing at the end.");
  if (char === "'") throw new Stop(at, 'JSON takes double quotes: write "…" instead of \'…\'.');
  if (char !== '"') {
    const end = match(WORD, text, at);
    throw new Stop(at, end < 0 ? "A name in double quotes is missing before this." : `A name needs double quotes: "${text.slice(at, end).slice(0, 30)}".`);
  }
  const end = space(text, string(text, at));
  if (text.charAt(end) !== ":") throw new Stop(end, "A colon is missing before this.");
  return space(text, end + 1);
}
