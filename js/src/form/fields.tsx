import { useUniqueId } from "../ui/ids.js";
import { type Draft, type Problems, choices } from "./draft.js";
import type { Field } from "./schema.js";

interface Props {
  fields: readonly Field[];
  draft: Draft;
  problems: Problems;
  busy: boolean;
  onWrite: (pointer: string, value: string | boolean) => void;
}

/** The fields of a form; a nested object is a group with a line around it. */
export function Fields({ fields, ...rest }: Props) {
  return (
    <div class="tw-fields">
      {fields.map((field) =>
        field.kind === "group" ? (
          <fieldset key={field.pointer} class="tw-group">
            <legend>{field.title}</legend>
            {field.description && <p class="tw-about">{field.description}</p>}
            {rest.problems[field.pointer] && <p class="tw-wrong">{rest.problems[field.pointer]}</p>}
            <Fields fields={field.fields} {...rest} />
          </fieldset>
        ) : (
          <One key={field.pointer} field={field} {...rest} />
        ),
      )}
    </div>
  );
}

interface OneProps extends Omit<Props, "fields"> {
  field: Field;
}

function One({ field, draft, problems, busy, onWrite }: OneProps) {
  const id = useUniqueId();
  const value = draft[field.pointer] ?? "";
  const problem = problems[field.pointer];
  const write = (next: string | boolean) => onWrite(field.pointer, next);
  const about = [limits(field), field.description].filter(Boolean).join(" · ");
  const common = {
    id,
    "aria-invalid": problem ? true : undefined,
    "aria-required": field.required && !field.nullable ? true : undefined,
    "aria-describedby": about || problem ? `${id}-about` : undefined,
    "data-pointer": field.pointer,
  };
  const tick = field.kind === "boolean" && !field.nullable;
  const label = (
    <label class="tw-field-label" for={id}>
      {field.title}
      {!tick && !field.required && isNothing(field.default) && <span> optional</span>}
    </label>
  );
  return (
    <div class={`tw-field tw-field-${WIDE.has(field.kind) ? "wide" : "short"}`} data-wrong={problem ? "" : undefined}>
      {tick ? (
        <div class="tw-tick">
          <input
            {...common}
            type="checkbox"
            class="tw-check"
            checked={value === true}
            onChange={({ currentTarget }) => (busy ? (currentTarget.checked = value === true) : write(currentTarget.checked))}
          />
          {label}
        </div>
      ) : (
        <>
          {label}
          <Input field={field} value={String(value)} busy={busy} write={write} common={common} />
        </>
      )}
      <p class={problem ? "tw-wrong" : "tw-about"} id={`${id}-about`} title={problem ? undefined : about || undefined}>
        {problem || about}
      </p>
    </div>
  );
}

/** Whether leaving it out means that there is none, rather than a value that stands for it. */
const isNothing = (preset: unknown): boolean => preset === undefined || preset === null || preset === "";

const WIDE = new Set(["text", "json", "list"]);

interface InputProps {
  field: Field;
  value: string;
  busy: boolean;
  write: (value: string) => void;
  common: object;
}

function Input({ field, value, busy, write, common }: InputProps) {
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
      const date = field.kind === "string" && field.rules["format"] === "date";
      const number = field.kind === "integer" || field.kind === "number";
      return (
        <input
          {...typed}
          {...(date ? { type: "date" as const } : { type: "text" as const })}
          inputMode={number ? (field.kind === "integer" ? "numeric" : "decimal") : undefined}
          class="tw-line-input"
          placeholder={hint(field)}
          autocomplete="off"
        />
      );
    }
  }
}

/** What an empty field stands for. */
function hint(field: Field): string {
  if (field.nullable) return "none";
  if (field.rules["format"] === "date-time") return "2026-11-24T08:00:00Z";
  const { default: preset } = field;
  return !field.required && (typeof preset === "string" || typeof preset === "number") ? String(preset) : "";
}

/** "1 to 10", "at least 1". */
function limits({ kind, rules }: Field): string {
  if (kind !== "integer" && kind !== "number") return "";
  const [min, max, above, below] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"].map((rule) => (typeof rules[rule] === "number" ? String(rules[rule]) : ""));
  if (min && max) return `${min} to ${max}`;
  return [min && `at least ${min}`, above && `more than ${above}`, max && `at most ${max}`, below && `less than ${below}`].filter(Boolean).join(", ");
}
