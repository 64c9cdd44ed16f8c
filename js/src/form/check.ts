/** What is written in one field, as a value or as what is wrong with it. */
import { parseJson } from "./fault.js";
import type { Field } from "./schema.js";

export type Read = { value: unknown } | { problem: string } | "nothing";

/** What a select offers, in order. */
export function choices(field: Field): readonly unknown[] {
  return field.kind === "boolean" ? [true, false] : field.options.filter((each) => !(field.nullable && each === null));
}

export function valueOf(field: Field, raw: string | boolean): Read {
  if (field.kind === "const") return { value: field.options[0] };
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
  const [min, max, above, below, part] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"].map((rule) => at(field, rule));
  if (min != null && value < min) return { problem: `It must be at least ${min}.` };
  if (max != null && value > max) return { problem: `It must be at most ${max}.` };
  if (above != null && value <= above) return { problem: `It must be more than ${above}.` };
  if (below != null && value >= below) return { problem: `It must be less than ${below}.` };
  if (part != null && part > 0 && Math.abs(value / part - Math.round(value / part)) > 1e-9) return { problem: `It must be a multiple of ${part}.` };
  return { value };
}

const FORMATS = new Map<unknown, [RegExp, string]>([
  ["email", [/^\S+@\S+$/, "Write an address like ana@example.org."]],
  ["uri", [/^[a-z][\w+.-]*:\S+$/i, "Write an address like https://example.org."]],
  ["uuid", [/^[\da-f]{8}(-?[\da-f]{4}){3}-?[\da-f]{12}$/i, "Write a UUID: 32 digits from 0 to f."]],
]);

function checkText(field: Field, raw: string): Read {
  const length = [...raw].length;
  const [min, max] = [at(field, "minLength"), at(field, "maxLength")];
  if (min !== null && length < min) return { problem: `Write at least ${min} ${min === 1 ? "character" : "characters"}.` };
  if (max !== null && length > max) return { problem: `Write at most ${max} characters; these are ${length}.` };
  const [format, told] = FORMATS.get(field.rules["format"]) ?? [];
  if (format && told && !format.test(raw)) return { problem: told };
  const { pattern } = field.rules;
  if (typeof pattern === "string" && !matches(pattern, raw)) return { problem: `It must match ${pattern.slice(0, 80)}` };
  // Other rules are Python's own; the kernel checks them.
  return { value: raw };
}

/** A pattern that only Python can read is the kernel's to check. */
function matches(pattern: string, raw: string): boolean {
  // One that was made to take for ever gets no long text.
  if (raw.length > 1000) return true;
  try {
    return new RegExp(pattern, "u").test(raw);
  } catch {
    return true;
  }
}

export function checkCount(field: Field, count: number): string | null {
  const [min, max] = [at(field, "minItems"), at(field, "maxItems")];
  if (min !== null && count < min) return `Give at least ${min}.`;
  return max !== null && count > max ? `Give at most ${max}; these are ${count}.` : null;
}

function checkList(field: Field, raw: string): Read {
  const item = field.item as Field;
  const parts = raw.split(raw.includes("\n") ? "\n" : ",").map((part) => part.trim()).filter(Boolean);
  const values: unknown[] = [];
  for (const [i, part] of parts.entries()) {
    const fixed = item.kind === "enum" || item.kind === "const";
    const index = fixed ? item.options.findIndex((each) => String(each) === part) : -1;
    if (fixed && index < 0) return { problem: `“${part.slice(0, 40)}” is none of ${item.options.map(String).join(", ")}.` };
    const read = fixed ? { value: item.options[index] } : valueOf(item, part);
    if (read === "nothing") continue;
    if ("problem" in read) return { problem: `“${part.slice(0, 40)}” (number ${i + 1}): ${read.problem}` };
    values.push(read.value);
  }
  const problem = checkCount(field, values.length);
  return problem ? { problem } : { value: values };
}
