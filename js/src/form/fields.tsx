import { Icon } from "../ui/icon.js";
import { useUniqueId } from "../ui/ids.js";
import { type Draft, type Problems, chosen, optional, rowsIn, there, variantOf, withRow, withVariant, withoutRow } from "./draft.js";
import { Input } from "./input.js";
import { type Field, step } from "./schema.js";

interface Props {
  draft: Draft;
  problems: Problems;
  busy: boolean;
  /** `pointer` says where it was written */
  onWrite: (draft: Draft, pointer: string) => void;
  /** somebody has left a field */
  onLeave: (pointer: string) => void;
}

/** The fields of a form. */
export function Fields({ fields, at = "", ...rest }: Props & { fields: readonly Field[]; at?: string }) {
  return (
    <div class="tw-fields">
      {fields.map((field) => (
        <Any key={field.key} field={field} at={step(at, field.key)} {...rest} />
      ))}
    </div>
  );
}

type AnyProps = Props & { field: Field; at: string };

function Any(props: AnyProps) {
  const { field } = props;
  if (field.kind === "group") return <Group {...props} />;
  if (field.kind === "rows") return <Rows {...props} />;
  return field.kind === "choice" ? <Choice {...props} /> : <One {...props} />;
}

/** An object: its fields with a line around them, and a box to tick when it may be left out. */
function Group({ field, at, ...rest }: AnyProps) {
  const { draft, busy, onWrite } = rest;
  const may = optional(field);
  const on = !may || draft[there(at)] === true;
  return (
    <fieldset class="tw-group">
      <legend>
        {may ? (
          <label class="tw-tick">
            <input
              type="checkbox"
              class="tw-check"
              checked={on}
              data-pointer={at}
              onChange={({ currentTarget }) => (busy ? (currentTarget.checked = on) : onWrite({ ...draft, [there(at)]: currentTarget.checked }, at))}
            />
            {field.title}
          </label>
        ) : (
          field.title
        )}
      </legend>
      <Words of={field} problem={rest.problems[at]} />
      {on && <Fields fields={field.fields} at={at} {...rest} />}
    </fieldset>
  );
}

/** A list of which each item has fields of its own. */
function Rows({ field, at, ...rest }: AnyProps) {
  const { draft, busy, onWrite } = rest;
  const item = field.item as Field;
  return (
    <fieldset class="tw-group">
      <legend>{field.title}</legend>
      <Words of={field} problem={rest.problems[at]} />
      {Array.from({ length: rowsIn(draft, at) }, (_, i) => (
        <div class="tw-entry" key={i}>
          {item.kind === "group" ? (
            <fieldset class="tw-entry-fields" aria-label={`${field.title}, ${i + 1}`}>
              <Words problem={rest.problems[step(at, i)]} />
              <Fields fields={item.fields} at={step(at, i)} {...rest} />
            </fieldset>
          ) : (
            <div class="tw-entry-fields">
              <Any field={{ ...item, title: `${i + 1}` }} at={step(at, i)} {...rest} />
            </div>
          )}
          <button type="button" class="tw-btn tw-square" aria-label={`Remove ${i + 1} of ${field.title}`} title="Remove" onClick={() => busy || onWrite(withoutRow(draft, at, i), at)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button type="button" class="tw-btn tw-add" data-pointer={at} onClick={() => busy || onWrite(withRow(draft, field, at), at)}>
        Add<span class="tw-sr"> to {field.title}</span>
      </button>
    </fieldset>
  );
}

/** A value of one kind or another. */
function Choice({ field, at, ...rest }: AnyProps) {
  const { draft, busy, onWrite } = rest;
  const index = String(draft[chosen(at)] ?? "0");
  const variant = variantOf(field, draft, at);
  return (
    <fieldset class="tw-group">
      <legend>{field.title}</legend>
      <Words of={field} />
      <div class="tw-either" key={index}>
        <select
          class="tw-line-input tw-select"
          aria-label={`Kind of ${field.title}`}
          value={index}
          onChange={({ currentTarget }) => (busy ? (currentTarget.value = index) : onWrite(withVariant(draft, field, at, Number(currentTarget.value)), at))}
        >
          {field.fields.map((each, i) => (
            <option key={i} value={String(i)}>
              {each.title}
            </option>
          ))}
        </select>
        {variant.kind !== "group" && <Any field={{ ...variant, required: field.required, nullable: field.nullable || variant.nullable }} at={at} {...rest} />}
      </div>
      {variant.kind === "group" && (
        <>
          <Words of={variant} problem={rest.problems[at]} />
          {/* what only says which kind it is has been said */}
          <Fields key={index} fields={variant.fields.filter(({ kind }) => kind !== "const")} at={at} {...rest} />
        </>
      )}
    </fieldset>
  );
}

function Words({ of, problem }: { of?: Field; problem?: string | undefined }) {
  return (
    <>
      {of?.description && <p class="tw-about">{of.description}</p>}
      {problem && <p class="tw-wrong">{problem}</p>}
    </>
  );
}

function One({ field, at, draft, problems, busy, onWrite, onLeave }: AnyProps) {
  const id = useUniqueId();
  const value = draft[at] ?? "";
  const problem = problems[at];
  const write = (next: string | boolean) => onWrite({ ...draft, [at]: next }, at);
  const about = [limits(field), field.description].filter(Boolean).join(" · ");
  const common = {
    id,
    "aria-invalid": problem ? true : undefined,
    "aria-required": field.required && !field.nullable ? true : undefined,
    "aria-describedby": about || problem ? `${id}-about` : undefined,
    "data-pointer": at,
    onBlur: () => onLeave(at),
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

/** "1 to 10", "at least 1". */
function limits({ kind, rules }: Field): string {
  if (kind !== "integer" && kind !== "number") return "";
  const [min, max, above, below] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"].map((rule) => (typeof rules[rule] === "number" ? String(rules[rule]) : ""));
  if (min && max) return `${min} to ${max}`;
  return [min && `at least ${min}`, above && `more than ${above}`, max && `at most ${max}`, below && `less than ${below}`].filter(Boolean).join(", ");
}
