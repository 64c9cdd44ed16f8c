/** What is written in a form, and the payload it makes. */
import { isFields } from "../sync.js";
import { parseJson } from "./fault.js";
import type { Field } from "./schema.js";

/** By JSON pointer: the text of a field, or whether a box is ticked. */
export type Draft = Readonly<Record<string, string | boolean>>;
export type Problems = Readonly<Record<string, string>>;

/** The draft that makes `payload`; what it does not say has its default. */
export function draftOf(fields: readonly Field[], payload: unknown): Draft {
  const draft: Record<string, string | boolean> = {};
  const fill = (list: readonly Field[], values: unknown) => {
    for (const field of list) {
      const told = isFields(values) && Object.hasOwn(values, field.key);
      const value = told ? (values as Record<string, unknown>)[field.key] : field.default;
      if (field.kind === "group") fill(field.fields, value);
      else draft[field.pointer] = written(field, value);
    }
  };
  fill(fields, payload);
  return draft;
}

function written(field: Field, value: unknown): string | boolean {
  if (field.kind === "boolean" && !field.nullable) return value === true;
  if (field.kind === "enum" || (field.kind === "boolean" && field.nullable)) {
    const at = choices(field).findIndex((each) => each === value);
    // What has to be chosen, and has one choice, is chosen.
    return at >= 0 ? String(at) : field.required && !field.nullable && choices(field).length === 1 ? "0" : "";
  }
  if (value === undefined || value === null) return "";
  if (field.kind === "json") return JSON.stringify(value, null, 2) ?? "";
  if (field.kind === "list") return Array.isArray(value) ? value.map(String).join(value.some((each) => String(each).includes(",")) ? "\n" : ", ") : "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What a select offers, in order. */
export function choices(field: Field): readonly unknown[] {
  return field.kind === "boolean" ? [true, false] : field.options.filter((each) => !(field.nullable && each === null));
}

type Read = { value: unknown } | { problem: string } | "nothing";

/** The payload that a draft makes, or what is wrong with it, by pointer. */
export function payloadOf(fields: readonly Field[], draft: Draft): { payload: Record<string, unknown>; problems: Problems } {
  const problems: Record<string, string> = {};
  const read = (list: readonly Field[]): Record<string, unknown> => {
    const pairs: [string, unknown][] = [];
    for (const field of list) {
      if (field.kind === "group") {
        pairs.push([field.key, read(field.fields)]);
        continue;
      }
      const result = valueOf(field, draft[field.pointer] ?? "");
      if (result === "nothing") continue;
      if ("problem" in result) problems[field.pointer] = result.problem;
      else pairs.push([field.key, result.value]);
    }
    // Entries define fields, so that one called `__proto__` is only a field.
    return Object.fromEntries(pairs);
  };
  return { payload: read(fields), problems };
}

function valueOf(field: Field, raw: string | boolean): Read {
  if (typeof raw === "boolean") return { value: raw };
  if (raw.trim() === "") return nothing(field, raw);
  switch (field.kind) {
    case "integer":
    case "number":
      return checkNumber(field, raw.trim());
    case "enum":
    case "boolean":
      return { value: choices(field)[Number(raw)] };
    case "list":
      return checkList(field, raw);
    case "json": {
      const parsed = parseJson(raw);
      return parsed.ok ? { value: parsed.value } : { problem: `Line ${parsed.fault.line}, column ${parsed.fault.column}: ${parsed.fault.message}` };
    }
    default:
      return checkText(field, raw);
  }
}

/** An empty field: null where that is a value, nothing where it may be left out. */
function nothing(field: Field, raw: string): Read {
  const text = field.kind === "string" || field.kind === "text";
  if (field.nullable && (field.required || (field.hasDefault && field.default !== null))) return { value: null };
  if (field.kind === "list" && (field.required || field.hasDefault)) return checkList(field, "");
  // To empty a text that has a default is to say that it is empty.
  if (text && !field.required && field.hasDefault && field.default !== "" && !field.nullable) return checkText(field, raw);
  return field.required ? { problem: field.kind === "enum" ? "Choose one." : "This is needed." } : "nothing";
}

const at = (field: Field, rule: string): number | null => (typeof field.rules[rule] === "number" ? (field.rules[rule] as number) : null);

function checkNumber(field: Field, raw: string): Read {
  const value = Number(raw.replace(/^\+/, ""));
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(raw) || !Number.isFinite(value)) {
    return { problem: field.kind === "integer" ? "Write a whole number." : "Write a number, with a point for decimals." };
  }
  if (field.kind === "integer" && !Number.isInteger(value)) return { problem: "Write a whole number." };
  if (field.kind === "integer" && !Number.isSafeInteger(value)) return { problem: "This number is too large for a form: pass it from Python." };
  const [min, max, above, below, step] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"].map((rule) => at(field, rule));
  if (min != null && value < min) return { problem: `It must be at least ${min}.` };
  if (max != null && value > max) return { problem: `It must be at most ${max}.` };
  if (above != null && value <= above) return { problem: `It must be more than ${above}.` };
  if (below != null && value >= below) return { problem: `It must be less than ${below}.` };
  if (step != null && step > 0 && Math.abs(value / step - Math.round(value / step)) > 1e-9) return { problem: `It must be a multiple of ${step}.` };
  return { value };
}

function checkText(field: Field, raw: string): Read {
  const length = [...raw].length;
  const [min, max] = [at(field, "minLength"), at(field, "maxLength")];
  if (min !== null && length < min) return { problem: `Write at least ${min} ${min === 1 ? "character" : "characters"}.` };
  if (max !== null && length > max) return { problem: `Write at most ${max} characters; these are ${length}.` };
  // Other rules (pattern, format) are Python's own; the kernel checks them.
  return { value: raw };
}

function checkList(field: Field, raw: string): Read {
  const item = field.item as Field;
  const parts = raw.split(raw.includes("\n") ? "\n" : ",").map((part) => part.trim()).filter(Boolean);
  const values: unknown[] = [];
  for (const [i, part] of parts.entries()) {
    const index = item.kind === "enum" ? item.options.findIndex((each) => String(each) === part) : -1;
    if (item.kind === "enum" && index < 0) return { problem: `“${part.slice(0, 40)}” is none of ${item.options.map(String).join(", ")}.` };
    const read = item.kind === "enum" ? { value: item.options[index] } : valueOf(item, part);
    if (read === "nothing") continue;
    if ("problem" in read) return { problem: `“${part.slice(0, 40)}” (number ${i + 1}): ${read.problem}` };
    values.push(read.value);
  }
  const [min, max] = [at(field, "minItems"), at(field, "maxItems")];
  if (min !== null && values.length < min) return { problem: `Give at least ${min}.` };
  if (max !== null && values.length > max) return { problem: `Give at most ${max}; these are ${values.length}.` };
  return { value: values };
}

/** Problems by the drawn field they belong to, and those that belong to none. */
export function placed(fields: readonly Field[], problems: unknown): { at: Problems; rest: string[] } {
  const known = new Set(fields.flatMap((field) => [field, ...field.fields]).map((field) => field.pointer));
  const found: Record<string, string> = {};
  const rest: string[] = [];
  for (const [pointer, message] of Object.entries(isFields(problems) ? problems : {})) {
    if (typeof message !== "string") continue;
    let near = pointer;
    while (near && !known.has(near)) near = near.slice(0, near.lastIndexOf("/"));
    if (near) found[near] ??= message;
    else rest.push(pointer ? `${pointer.slice(1).replaceAll("/", ".")}: ${message}` : message);
  }
  return { at: found, rest };
}
