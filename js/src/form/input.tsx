import { choices } from "./check.js";
import { fromLocal, toLocal } from "./moment.js";
import type { Field } from "./schema.js";

interface InputProps {
  field: Field;
  value: string;
  busy: boolean;
  write: (value: string) => void;
  common: object;
}

export function Input({ field, value, busy, write, common }: InputProps) {
  const typed = {
    ...common,
    value,
    readOnly: busy,
    spellcheck: false,
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => write(currentTarget.value),
  };
  switch (field.kind) {
    case "enum":
    case "boolean":
      return (
        <select {...common} class="tw-line-input tw-select" value={value} onChange={({ currentTarget }) => (busy ? (currentTarget.value = value) : write(currentTarget.value))}>
          {(!field.required || field.nullable || value === "") && <option value="">{field.nullable ? "none" : field.required ? "Choose" : "not set"}</option>}
          {choices(field).map((choice, i) => (
            <option key={i} value={String(i)}>
              {String(choice)}
            </option>
          ))}
        </select>
      );
    case "json":
      return <textarea {...typed} class="tw-input tw-code" rows={2} placeholder={field.nullable ? "null" : "JSON"} />;
    case "text":
      return <textarea {...typed} class="tw-input" rows={2} spellcheck placeholder={hint(field)} />;
    case "list":
      return <textarea {...typed} class="tw-input tw-listed" rows={1} placeholder="a, b, c or one a line" />;
    default: {
      const line = { ...typed, class: "tw-line-input", autocomplete: "off", readOnly: busy || field.kind === "const" };
      const { format } = field.rules;
      if (format === "date-time" && (value === "" || toLocal(value))) {
        return <input {...line} type="datetime-local" value={toLocal(value)} onInput={({ currentTarget }) => write(fromLocal(currentTarget.value, value))} />;
      }
      if (format === "date") return <input {...line} type="date" />;
      if (format === "password") return <input {...line} type="password" />;
      const mode = field.kind === "integer" ? "numeric" : field.kind === "number" ? "decimal" : undefined;
      return <input {...line} type="text" inputMode={mode} placeholder={hint(field)} />;
    }
  }
}

/** What an empty field stands for. */
function hint(field: Field): string {
  if (field.nullable) return "none";
  const { default: preset, rules } = field;
  if (!field.required && (typeof preset === "string" || typeof preset === "number")) return String(preset);
  const [example] = Array.isArray(rules["examples"]) ? rules["examples"] : [];
  return typeof example === "string" || typeof example === "number" ? String(example) : "";
}
