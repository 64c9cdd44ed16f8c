/**
 * What is written in a form, and the payload it makes.
 *
 * A draft has a text for each field, by JSON pointer. A `~` that is not `~0` or `~1` is in no
 * pointer, so it marks what is chosen about a field rather than written in it.
 */
import { isFields } from "../sync.js";
import { type Read, checkCount, choices, valueOf } from "./check.js";
import { type Field, step } from "./schema.js";

/** By JSON pointer: the text of a field, or whether a box is ticked. */
export type Draft = Readonly<Record<string, string | boolean>>;
export type Problems = Readonly<Record<string, string>>;

/** Where a draft says whether a group that may be left out is there. */
export const there = (pointer: string) => `${pointer}~`;
/** Where it says how many rows there are. */
const counted = (pointer: string) => `${pointer}~n`;
/** Where it says which of its kinds a choice is. */
export const chosen = (pointer: string) => `${pointer}~v`;

export const optional = (field: Field): boolean => field.kind === "group" && (field.nullable || (!field.required && !field.hasDefault));
export const rowsIn = (draft: Draft, pointer: string): number => Number(draft[counted(pointer)] ?? 0);
export const variantOf = (field: Field, draft: Draft, pointer: string): Field => (field.fields[Number(draft[chosen(pointer)] ?? 0)] ?? field.fields[0]) as Field;

/** The draft that makes `payload`; what it does not say has its default. */
export function draftOf(fields: readonly Field[], payload: unknown, at = ""): Draft {
  const draft: Record<string, string | boolean> = {};
  for (const field of fields) {
    const told = isFields(payload) && Object.hasOwn(payload, field.key);
    fill(draft, field, told ? payload[field.key] : field.default, step(at, field.key));
  }
  return draft;
}

function fill(draft: Record<string, string | boolean>, field: Field, value: unknown, at: string): void {
  if (field.kind === "group") {
    if (optional(field)) draft[there(at)] = isFields(value);
    Object.assign(draft, draftOf(field.fields, value, at));
  } else if (field.kind === "rows") {
    const items = Array.isArray(value) ? value : [];
    draft[counted(at)] = String(items.length);
    for (const [i, item] of items.entries()) fill(draft, field.item as Field, item, step(at, i));
  } else if (field.kind === "choice") {
    const index = field.fields.findIndex((each) => fits(each, value));
    // Nothing is the first kind of value, unwritten.
    draft[chosen(at)] = String(Math.max(0, index));
    fill(draft, field.fields[Math.max(0, index)] as Field, index < 0 ? undefined : value, at);
  } else draft[at] = written(field, value);
}

/** Whether a value is of the kind that the field is for. */
function fits(field: Field, value: unknown): boolean {
  switch (field.kind) {
    case "string":
    case "text":
      return typeof value === "string";
    case "integer":
      return Number.isInteger(value);
    case "number":
    case "boolean":
      return typeof value === field.kind;
    case "enum":
    case "const":
      return field.options.includes(value);
    case "list":
    case "rows":
      return Array.isArray(value) && value.every((each) => fits(field.item as Field, each));
    case "group":
      return isFields(value) && field.fields.every((each) => (Object.hasOwn(value, each.key) ? each.kind !== "const" || fits(each, value[each.key]) : !each.required));
    case "choice":
      return field.fields.some((each) => fits(each, value));
    case "json":
      return value !== undefined;
  }
}

function written(field: Field, value: unknown): string | boolean {
  if (field.kind === "boolean" && !field.nullable) return value === true;
  if (field.kind === "enum" || field.kind === "boolean") {
    const at = choices(field).findIndex((each) => each === value);
    // What has to be chosen, and has one choice, is chosen.
    return at >= 0 ? String(at) : field.required && !field.nullable && choices(field).length === 1 ? "0" : "";
  }
  if (field.kind === "const") return String(field.options[0]);
  if (value === undefined || value === null) return "";
  if (field.kind === "json") return JSON.stringify(value, null, 2) ?? "";
  if (field.kind === "list") return Array.isArray(value) ? value.map(String).join(value.some((each) => String(each).includes(",")) ? "\n" : ", ") : "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What a draft is with one more row, empty. */
export function withRow(draft: Draft, field: Field, at: string): Draft {
  const next = { ...draft };
  const count = rowsIn(draft, at);
  next[counted(at)] = String(count + 1);
  fill(next, field.item as Field, field.item?.default, step(at, count));
  return next;
}

/** What a draft is without row `index`; those after it move up. */
export function withoutRow(draft: Draft, at: string, index: number): Draft {
  const next: Record<string, string | boolean> = {};
  for (const [pointer, value] of Object.entries(draft)) {
    const [, row = "", rest = ""] = pointer.startsWith(`${at}/`) ? (/^(\d+)(.*)$/s.exec(pointer.slice(at.length + 1)) ?? []) : [];
    if (row === "" || Number(row) < index) next[pointer] = value;
    else if (Number(row) > index) next[`${step(at, Number(row) - 1)}${rest}`] = value;
  }
  next[counted(at)] = String(Math.max(0, rowsIn(draft, at) - 1));
  return next;
}

/** What a draft is when a choice is another kind of value. */
export function withVariant(draft: Draft, field: Field, at: string, index: number): Draft {
  const next = { ...draft, [chosen(at)]: String(index) };
  const variant = field.fields[index] as Field;
  fill(next, variant, variant.default, at);
  return next;
}

/** The payload that a draft makes, or what is wrong with it, by pointer. */
export function payloadOf(fields: readonly Field[], draft: Draft, at = "", problems: Record<string, string> = {}): { payload: Record<string, unknown>; problems: Problems } {
  const pairs: [string, unknown][] = [];
  for (const field of fields) {
    const pointer = step(at, field.key);
    const result = read(field, draft, pointer, problems);
    if (result === "nothing") continue;
    if ("problem" in result) problems[pointer] = result.problem;
    else pairs.push([field.key, result.value]);
  }
  // Entries define fields, so that one called `__proto__` is only a field.
  return { payload: Object.fromEntries(pairs), problems };
}

function read(field: Field, draft: Draft, at: string, problems: Record<string, string>): Read {
  if (field.kind === "group") {
    if (optional(field) && draft[there(at)] !== true) return field.nullable && (field.required || field.hasDefault) ? { value: null } : "nothing";
    return { value: payloadOf(field.fields, draft, at, problems).payload };
  }
  if (field.kind === "rows") {
    const count = rowsIn(draft, at);
    if (count === 0 && !field.required && !field.hasDefault) return "nothing";
    const values: unknown[] = [];
    for (let i = 0; i < count; i++) {
      const result = read(field.item as Field, draft, step(at, i), problems);
      if (result === "nothing") continue;
      if ("problem" in result) problems[step(at, i)] = result.problem;
      else values.push(result.value);
    }
    const problem = checkCount(field, count);
    return problem ? { problem } : { value: values };
  }
  if (field.kind === "choice") {
    const variant = variantOf(field, draft, at);
    // What may be left out, may be left out in any of its kinds.
    return read({ ...variant, required: field.required || variant.kind === "group", nullable: field.nullable || variant.nullable, hasDefault: field.hasDefault, default: field.default }, draft, at, problems);
  }
  return valueOf(field, draft[at] ?? "");
}

/** Every pointer that has a place in the form. */
function known(fields: readonly Field[], draft: Draft, at: string, found: Set<string>): Set<string> {
  const add = (field: Field, pointer: string) => {
    found.add(pointer);
    if (field.kind === "group") known(field.fields, draft, pointer, found);
    if (field.kind === "choice") add(variantOf(field, draft, pointer), pointer);
    if (field.kind === "rows") for (let i = 0; i < rowsIn(draft, pointer); i++) add(field.item as Field, step(pointer, i));
  };
  for (const field of fields) add(field, step(at, field.key));
  return found;
}

/** Problems by the drawn field they belong to, and those that belong to none. */
export function placed(fields: readonly Field[], draft: Draft, problems: unknown): { at: Problems; rest: string[] } {
  const pointers = known(fields, draft, "", new Set());
  const found: Record<string, string> = {};
  const rest: string[] = [];
  for (const [pointer, message] of Object.entries(isFields(problems) ? problems : {})) {
    if (typeof message !== "string") continue;
    // Pydantic says which kind of a union it tried, too: such a step is in no payload.
    const near = pointer.split("/").reduce((path, part, i) => (i > 0 && pointers.has(`${path}/${part}`) ? `${path}/${part}` : path), "");
    if (near) found[near] ??= message;
    else rest.push(pointer ? `${pointer.slice(1).replaceAll("/", ".")}: ${message}` : message);
  }
  return { at: found, rest };
}
