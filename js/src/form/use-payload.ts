import { useMemo, useState } from "preact/hooks";
import type { Store } from "../transport.js";
import { type Draft, type Problems, draftOf, payloadOf, placed } from "./draft.js";
import { type Fault, parseJson } from "./fault.js";
import { type Field, fieldsOf } from "./schema.js";
import type { FormState } from "./state.js";

export interface Payload {
  /** null when there is no form for the schema */
  readonly fields: readonly Field[] | null;
  readonly mode: "form" | "json";
  readonly turn: (mode: "form" | "json") => void;
  readonly draft: Draft;
  readonly write: (pointer: string, value: string | boolean) => void;
  readonly text: string;
  readonly type: (text: string) => void;
  /** what is wrong with the text */
  readonly fault: Fault | null;
  /** what is wrong in the form, by pointer, and what the kernel said of no field */
  readonly problems: Problems;
  readonly rest: readonly string[];
  /** whether a field has a problem */
  readonly wrong: boolean;
  /** The payload, or null when something is wrong, which is shown from now on. */
  readonly make: () => { value: unknown } | null;
  /** Put the focus on the first problem. */
  readonly toProblem: (card: HTMLElement | null) => void;
}

const pretty = (value: unknown): string => JSON.stringify(value, null, 2) ?? "";

/** What a person writes, in a form or as text, until it is sent. */
export function usePayload(store: Store<FormState>): Payload {
  const schema = store.field("schema").value;
  const preset = store.field("payload").value;
  const told = store.field("problem").value;
  const fields = useMemo(() => fieldsOf(schema), [schema]);
  const [chosen, choose] = useState<"form" | "json">("form");
  const [own, setOwn] = useState<{ draft?: Draft; text?: string }>({});
  const [tried, setTried] = useState<"" | "form" | "json">("");
  /** what was written since the kernel said what is wrong */
  const [mended, mend] = useState<{ of: unknown; pointers: ReadonlySet<string> }>({ of: null, pointers: new Set() });

  const first = useMemo(() => {
    const parsed = parseJson(typeof preset === "string" ? preset : "{}");
    const value = parsed.ok ? parsed.value : {};
    const draft = fields ? draftOf(fields, value) : {};
    // Without a text of the kernel the form's defaults are the beginning of the text, too.
    const text = typeof preset === "string" && preset.trim() ? preset : fields ? pretty(payloadOf(fields, draft).payload) : "{}";
    return { draft, text };
  }, [fields, preset]);
  const mode = fields ? chosen : "json";
  const draft = own.draft ?? first.draft;
  const text = own.text ?? first.text;

  const made = useMemo(() => payloadOf(fields ?? [], draft), [fields, draft]);
  const parsed = useMemo(() => (mode === "json" ? parseJson(text) : null), [mode, text]);
  const theirs = useMemo(() => placed(fields ?? [], told?.fields), [fields, told]);
  const open = Object.fromEntries(Object.entries(theirs.at).filter(([pointer]) => mended.of !== told || !mended.pointers.has(pointer)));
  const problems: Problems = { ...open, ...(tried === "form" && made.problems) };
  const fault = tried === "json" && parsed && !parsed.ok ? parsed.fault : null;
  const inText = mode === "json" ? Object.entries(theirs.at).map(([pointer, message]) => `${pointer.slice(1).replaceAll("/", ".")}: ${message}`) : [];

  return {
    fields, mode, draft, text, fault, problems,
    rest: [...inText, ...theirs.rest],
    wrong: mode === "form" && Object.keys(problems).length > 0,
    turn(next) {
      if (next === mode) return;
      setTried("");
      // What is wrong in the form stays there; what is right goes along.
      if (next === "json") setOwn({ draft, text: pretty(made.payload) });
      else if (parsed && !parsed.ok) return setTried("json");
      else if (fields && parsed) setOwn({ text, draft: draftOf(fields, parsed.value) });
      choose(next);
    },
    write(pointer, value) {
      setOwn({ ...own, draft: { ...draft, [pointer]: value } });
      mend({ of: told, pointers: new Set([...(mended.of === told ? mended.pointers : []), pointer]) });
    },
    type: (next) => setOwn({ ...own, text: next }),
    make() {
      setTried(mode);
      if (mode === "json") return parsed?.ok ? { value: parsed.value } : null;
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
