import { useEffect, useMemo, useState } from "preact/hooks";
import { type Draft, type Problems, draftOf, payloadOf, placed } from "./draft.js";
import { type Fault, parseJson } from "./fault.js";
import { type Kept, forget, keep, kept } from "./keep.js";
import { type Field, fieldsOf } from "./schema.js";

export type Mode = "form" | "json";

export interface Form {
  /** null when there is no form for the schema */
  readonly fields: readonly Field[] | null;
  readonly mode: Mode;
  readonly turn: (mode: Mode) => void;
  readonly draft: Draft;
  readonly write: (draft: Draft, pointer: string) => void;
  readonly leave: (pointer: string) => void;
  readonly text: string;
  readonly type: (text: string) => void;
  /** Write this value into it. */
  readonly load: (value: unknown) => void;
  /** Back to what the kernel began with; null when nothing was written. */
  readonly reset: (() => void) | null;
  /** what is wrong with the text */
  readonly fault: Fault | null;
  /** what is wrong in the form, by pointer, and what belongs to no field */
  readonly problems: Problems;
  readonly rest: readonly string[];
  /** whether a field has a problem */
  readonly wrong: boolean;
  /** The value, or null when something is wrong, which is shown from now on. */
  readonly make: () => { value: unknown } | null;
  /** Put the focus on the first problem. */
  readonly toProblem: (card: HTMLElement | null) => void;
}

interface Given {
  /** JSON Schema */
  schema: unknown;
  /** JSON text to begin with */
  preset: unknown;
  /** what the kernel says is wrong, by JSON pointer */
  told?: { fields?: unknown } | null | undefined;
  /** the name under which what is written outlives a reload of the page */
  name?: string | null | undefined;
}

const pretty = (value: unknown): string => JSON.stringify(value, null, 2) ?? "";
const dotted = ([pointer, message]: [string, string]): string => (pointer ? `${pointer.slice(1).replaceAll("/", ".")}: ${message}` : message);

/** What a person writes, in a form or as text, until it is sent. */
export function useForm({ schema, preset, told, name }: Given): Form {
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  const [own, setOwn] = useState<Kept | null>(null);
  const [tried, setTried] = useState<"" | Mode>("");
  const [left, leave] = useState<ReadonlySet<string>>(new Set());
  /** what was written since the kernel said what is wrong */
  const [mended, mend] = useState<{ of: unknown; pointers: ReadonlySet<string> }>({ of: null, pointers: new Set() });
  useEffect(() => void (name && setOwn((now) => now ?? kept(name))), [name]);
  const set = (next: Kept) => {
    setOwn(next);
    if (name) keep(name, next, schema);
  };

  const first = useMemo(() => {
    const parsed = parseJson(typeof preset === "string" ? preset : "{}");
    const draft = fields ? draftOf(fields, parsed.ok ? parsed.value : {}) : {};
    // Without a text of the kernel the form's defaults are the beginning of the text, too.
    const text = typeof preset === "string" && preset.trim() ? preset : fields ? pretty(payloadOf(fields, draft).payload) : "{}";
    return { draft, text };
  }, [fields, preset]);
  const mode = fields ? (own?.mode ?? "form") : "json";
  const draft = own?.draft ?? first.draft;
  const text = own?.text ?? first.text;

  const made = useMemo(() => payloadOf(fields ?? [], draft), [fields, draft]);
  const parsed = useMemo(() => (mode === "json" ? parseJson(text) : null), [mode, text]);
  const theirs = useMemo(() => placed(fields ?? [], draft, told?.fields), [fields, draft, told]);
  const open = Object.entries(theirs.at).filter(([pointer]) => mended.of !== told || !mended.pointers.has(pointer));
  const early = Object.entries(made.problems).filter(([pointer]) => left.has(pointer) && draft[pointer] !== "");
  const problems: Problems = { ...Object.fromEntries([...open, ...early]), ...(tried === "form" && made.problems) };
  const fault = tried === "json" && parsed && !parsed.ok ? parsed.fault : null;
  /** what the form would say of the text */
  const mistakes = (): Problems => (fields && parsed?.ok ? payloadOf(fields, draftOf(fields, parsed.value)).problems : {});
  const inText = mode === "json" ? Object.entries({ ...theirs.at, ...(tried === "json" && mistakes()) }).map(dotted) : [];

  return {
    fields, mode, draft, text, fault, problems,
    rest: [...inText, ...theirs.rest],
    wrong: mode === "form" && Object.keys(problems).length > 0,
    turn(next) {
      if (next === mode) return;
      setTried("");
      // What is wrong in the form stays there; what is right goes along.
      if (next === "json") set({ mode: next, draft, text: pretty(made.payload) });
      else if (parsed && !parsed.ok) return setTried("json");
      else if (fields && parsed) set({ mode: next, text, draft: draftOf(fields, parsed.value) });
    },
    write(next, pointer) {
      set({ ...own, draft: next });
      mend({ of: told, pointers: new Set([...(mended.of === told ? mended.pointers : []), pointer]) });
    },
    leave: (pointer) => !left.has(pointer) && leave(new Set([...left, pointer])),
    type: (next) => set({ ...own, text: next }),
    load(value) {
      setTried("");
      set({ mode, text: pretty(value), draft: fields ? draftOf(fields, value) : {} });
    },
    reset: own && (() => {
      setTried("");
      setOwn(own.mode ? { mode: own.mode } : null);
      if (name) forget(name);
    }),
    make() {
      setTried(mode);
      if (mode === "json") return parsed?.ok && Object.keys(mistakes()).length === 0 ? { value: parsed.value } : null;
      return Object.keys(made.problems).length === 0 ? { value: made.payload } : null;
    },
    toProblem(card) {
      // After it is drawn.
      setTimeout(() => {
        const at = card?.querySelector<HTMLInputElement | HTMLTextAreaElement>("[aria-invalid=true]");
        at?.focus();
        if (mode === "json" && parsed && !parsed.ok) at?.setSelectionRange(parsed.fault.at, parsed.fault.at + 1);
      });
    },
  };
}
