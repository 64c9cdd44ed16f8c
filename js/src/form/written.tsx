import { Fields } from "./fields.js";
import { JsonBox } from "./json-box.js";
import type { Form } from "./use-form.js";

/** What a person writes: a form, or JSON where there is none. */
export function Written({ form, busy, known = true, label = "Payload" }: { form: Form; busy: boolean; known?: boolean; label?: string }) {
  return form.fields && form.mode === "form" ? (
    <Fields fields={form.fields} draft={form.draft} problems={form.problems} busy={busy} onWrite={form.write} onLeave={form.leave} />
  ) : (
    <JsonBox label={label} text={form.text} fault={form.fault} busy={busy} known={known} onWrite={form.type} />
  );
}
