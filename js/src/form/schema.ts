/** The fields of a form, from a JSON Schema as pydantic makes it. What is not understood is JSON. */
import { isFields } from "../sync.js";

export type Kind = "string" | "text" | "integer" | "number" | "boolean" | "enum" | "const" | "list" | "rows" | "group" | "choice" | "json";

export interface Field {
  readonly kind: Kind;
  readonly key: string;
  readonly title: string;
  readonly description: string;
  readonly required: boolean;
  /** null is a value, too */
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  readonly default: unknown;
  /** of an enum: what can be chosen; of a const: the one value */
  readonly options: readonly unknown[];
  /** of a list and of rows: what its items are */
  readonly item: Field | null;
  /** of a group: what is in it; of a choice: what it can be */
  readonly fields: readonly Field[];
  /** what the schema says beside: minimum, maxLength, pattern, format … */
  readonly rules: Readonly<Record<string, unknown>>;
}

type Schema = Record<string, unknown>;

/** What is nested deeper is written as JSON. */
const DEPTH = 4;
const SCALARS: readonly Kind[] = ["string", "text", "integer", "number", "enum", "const"];
const WORDS: Partial<Record<Kind, string>> = { string: "Text", text: "Text", integer: "Whole number", number: "Number", boolean: "Yes or no", list: "List", rows: "List", json: "JSON" };

/** The fields of an object's schema; null when there is no form for it. */
export function fieldsOf(schema: unknown): Field[] | null {
  if (!isFields(schema)) return null;
  const root = resolve(schema, schema);
  if (!isFields(root["properties"]) || Object.keys(root["properties"]).length === 0) return null;
  return properties(root, schema, 0);
}

/** One more step of a JSON pointer (RFC 6901). */
export const step = (at: string, key: string | number): string => `${at}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;

function properties(schema: Schema, root: Schema, depth: number): Field[] {
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  return Object.entries(isFields(schema["properties"]) ? schema["properties"] : {}).map(([key, each]) =>
    field(isFields(each) ? each : {}, root, key, required.has(key), depth),
  );
}

function field(own: Schema, root: Schema, key: string, required: boolean, depth: number): Field {
  const { schema, nullable, several } = plain(own, root);
  const common = {
    key, required, nullable,
    title: text(own["title"]) || text(schema["title"]) || words(key),
    description: text(own["description"]) || text(schema["description"]),
    hasDefault: Object.hasOwn(own, "default"),
    default: own["default"],
    options: [] as readonly unknown[], item: null, fields: [] as readonly Field[],
    rules: schema,
  };
  const inner = (of: Schema, name = "") => field(of, root, name, true, depth + 1);
  if (depth > DEPTH) return { ...common, kind: "json" };
  if (several) {
    const fields = several.map((each) => {
      const found = inner(each, key);
      return { ...found, title: text(each["title"]) || text(resolve(each, root)["title"]) || WORDS[found.kind] || found.title };
    });
    // Several fixed sets are one.
    if (fields.every(({ kind, nullable: none }) => !none && (kind === "enum" || kind === "const"))) return { ...common, kind: "enum", options: fields.flatMap(({ options }) => options) };
    return { ...common, kind: "choice", fields };
  }
  if ("const" in schema && isScalar(schema["const"]) && !nullable && (required || common.hasDefault)) return { ...common, kind: "const", options: [schema["const"]] };
  const options = "const" in schema ? [schema["const"]] : schema["enum"];
  if (Array.isArray(options) && options.length > 0 && options.every(isScalar)) return { ...common, kind: "enum", options };
  switch (schema["type"]) {
    case "string":
      return { ...common, kind: isLong(key, schema, common.default) ? "text" : "string" };
    case "integer":
    case "number":
    case "boolean":
      return { ...common, kind: schema["type"] };
    case "array": {
      const item = isFields(schema["items"]) ? inner(schema["items"]) : null;
      if (!item || item.kind === "json") return { ...common, kind: "json" };
      // Text with commas or lines in it needs a box for each.
      return { ...common, kind: SCALARS.includes(item.kind) && item.kind !== "text" && !item.nullable ? "list" : "rows", item };
    }
    case "object":
      return isFields(schema["properties"]) && depth < DEPTH ? { ...common, kind: "group", fields: properties(schema, root, depth + 1) } : { ...common, kind: "json" };
    default:
      return { ...common, kind: "json" };
  }
}

interface Plain {
  schema: Schema;
  nullable: boolean;
  /** what it can be, when that is more than one thing */
  several?: Schema[];
}

/** A schema without its references, and without "or null". */
function plain(own: Schema, root: Schema): Plain {
  const schema = resolve(own, root);
  const choices = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(choices)) {
    const known = choices.filter(isFields);
    const others = known.filter((each) => each["type"] !== "null");
    const [only] = others;
    const nullable = others.length < known.length;
    if (!only || known.length < choices.length) return { schema: {}, nullable };
    return others.length === 1 ? { ...plain(only, root), nullable } : { schema: {}, nullable, several: others };
  }
  const type = schema["type"];
  if (Array.isArray(type)) {
    const others = type.filter((each) => each !== "null");
    const nullable = others.length < type.length;
    return others.length === 1 ? { schema: { ...schema, type: others[0] }, nullable } : { schema: {}, nullable, ...(others.length > 1 && { several: others.map((each) => ({ type: each })) }) };
  }
  return { schema, nullable: type === "null" };
}

/** Follow `$ref` into the schema itself, and an `allOf` of one, as pydantic writes a default beside it. */
function resolve(schema: Schema, root: Schema, depth = 0): Schema {
  const all = schema["allOf"];
  if (Array.isArray(all) && all.length === 1 && isFields(all[0]) && depth < 8) return { ...resolve(all[0], root, depth + 1), ...without(schema, "allOf") };
  const ref = schema["$ref"];
  if (typeof ref !== "string" || depth >= 8) return schema;
  let at: unknown = root;
  for (const part of ref.startsWith("#/") ? ref.slice(2).split("/") : [""]) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    at = isFields(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return isFields(at) ? { ...resolve(at, root, depth + 1), ...without(schema, "$ref") } : {};
}

function without(schema: Schema, key: string): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key));
}

function isScalar(value: unknown): boolean {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

/** Words that are likely to be more than a line. */
function isLong(key: string, schema: Schema, preset: unknown): boolean {
  if (typeof schema["format"] === "string") return schema["format"] === "textarea";
  if (typeof schema["maxLength"] === "number" && schema["maxLength"] <= 120) return false;
  return (typeof preset === "string" && preset.includes("\n")) || /(^|_)(text|prompt|body|comments?|message|content|query|sql|notes?|description|instructions?)$/i.test(key);
}

/** `learning_rate` → "Learning rate". */
function words(key: string): string {
  const spaced = key.replaceAll(/[_-]+/g, " ").trim();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
