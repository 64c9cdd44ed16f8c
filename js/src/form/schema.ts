/** The fields of a form, from a JSON Schema as pydantic makes it. What is not understood is JSON. */
import { isFields } from "../sync.js";

export type Kind = "string" | "text" | "integer" | "number" | "boolean" | "enum" | "list" | "group" | "json";

export interface Field {
  readonly kind: Kind;
  readonly key: string;
  /** JSON pointer of the value in the payload */
  readonly pointer: string;
  readonly title: string;
  readonly description: string;
  readonly required: boolean;
  /** null is a value, too */
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  readonly default: unknown;
  /** of an enum: what can be chosen */
  readonly options: readonly unknown[];
  /** of a list: what its items are */
  readonly item: Field | null;
  /** of a group */
  readonly fields: readonly Field[];
  /** what the schema says beside: minimum, maxLength, pattern, format … */
  readonly rules: Readonly<Record<string, unknown>>;
}

type Schema = Record<string, unknown>;

/** The fields of an object's schema; null when there is no form for it. */
export function fieldsOf(schema: unknown): Field[] | null {
  if (!isFields(schema)) return null;
  const root = resolve(schema, schema);
  if (!isFields(root["properties"]) || Object.keys(root["properties"]).length === 0) return null;
  return properties(root, schema, "", 0);
}

function properties(schema: Schema, root: Schema, at: string, depth: number): Field[] {
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  return Object.entries(isFields(schema["properties"]) ? schema["properties"] : {}).map(([key, each]) =>
    field(isFields(each) ? each : {}, root, { key, pointer: `${at}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, required: required.has(key), depth }),
  );
}

interface Place {
  key: string;
  pointer: string;
  required: boolean;
  depth: number;
}

function field(own: Schema, root: Schema, { key, pointer, required, depth }: Place): Field {
  const { schema, nullable } = plain(own, root);
  const title = text(own["title"]) || text(schema["title"]) || words(key);
  const common = {
    key, pointer, required, nullable, title,
    description: text(own["description"]) || text(schema["description"]),
    hasDefault: Object.hasOwn(own, "default"),
    default: own["default"],
    options: [] as readonly unknown[], item: null, fields: [] as readonly Field[],
    rules: schema,
  };
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
      const item = isFields(schema["items"]) ? field(schema["items"], root, { key: "", pointer, required: true, depth: depth + 1 }) : null;
      const scalar = item && ["string", "text", "integer", "number", "enum"].includes(item.kind) && !item.nullable;
      return scalar ? { ...common, kind: "list", item } : { ...common, kind: "json" };
    }
    case "object": {
      const drawn = depth === 0 && !nullable && isFields(schema["properties"]);
      return drawn ? { ...common, kind: "group", fields: properties(schema, root, pointer, depth + 1) } : { ...common, kind: "json" };
    }
    default:
      return { ...common, kind: "json" };
  }
}

/** A schema without its references, and without "or null". */
function plain(own: Schema, root: Schema): { schema: Schema; nullable: boolean } {
  const schema = resolve(own, root);
  const choices = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(choices)) {
    const others = choices.filter((each) => !(isFields(each) && each["type"] === "null"));
    const [only] = others;
    const nullable = others.length < choices.length;
    // Several kinds of value have no one field.
    return others.length === 1 && isFields(only) ? { schema: resolve(only, root), nullable } : { schema: {}, nullable };
  }
  const type = schema["type"];
  if (Array.isArray(type)) {
    const others = type.filter((each) => each !== "null");
    return { schema: { ...schema, type: others.length === 1 ? others[0] : undefined }, nullable: others.length < type.length };
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
  for (const step of ref.startsWith("#/") ? ref.slice(2).split("/") : [""]) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
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
  return (typeof preset === "string" && preset.includes("\n")) || /(^|_)(text|prompt|body|message|content|query|sql|notes?|description|instructions?)$/i.test(key);
}

/** `learning_rate` → "Learning rate". */
function words(key: string): string {
  const spaced = key.replaceAll(/[_-]+/g, " ").trim();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
