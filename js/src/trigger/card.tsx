import { useEffect, useRef, useState } from "preact/hooks";
import { shortId } from "../format.js";
import { parseJson } from "../form/fault.js";
import { Fields } from "../form/fields.js";
import { type Form, useForm } from "../form/use-form.js";
import { Written } from "../form/written.js";
import type { Store } from "../transport.js";
import { useAction } from "../ui/action.js";
import { Announcer } from "../ui/announcer.js";
import { Child, type Host } from "../ui/child.js";
import { Icon } from "../ui/icon.js";
import { ConnectionNotice } from "../ui/notice.js";
import { Section } from "../ui/section.js";
import { Sentence } from "../ui/sentence.js";
import { APPLE, useSubmitKey } from "../ui/submit.js";
import { Preview } from "../ui/value.js";
import { History } from "./history.js";
import type { Started, TriggerState } from "./state.js";

/** Two presses nearer than this are one: a double click, a bouncing key. */
const TWICE_MS = 500;

/** A task to start: its payload, a button, and the run that came of it. */
export function TriggerCard({ store, host }: { store: Store<TriggerState>; host: Host }) {
  const card = useRef<HTMLElement>(null);
  const task = store.field("task").value;
  const fault = store.field("fault").value;
  const hint = store.field("hint").value;
  const told = store.field("problem").value;
  const name = store.field("name").value;
  const preset = store.field("payload").value;
  const offline = store.offline.value;
  const runs = startedIn(store);
  const submit = useAction(store, "submit");
  const form = useForm({ schema: store.field("schema").value, preset, told, name });
  const options = useForm({ schema: store.field("options_schema").value, preset: store.field("options").value, name: name && `${name}-options` });
  const [chosen, show] = useState<{ id: string; when: string | undefined } | null>(null);
  const pressed = useRef(Number.NEGATIVE_INFINITY);
  const waits = useRef(false);
  const busy = !offline && (store.field("submitting").value === true || submit.pending);
  const ready = task !== undefined && !offline && !fault;
  const run = () => {
    const now = Date.now();
    if (!ready || busy || now - pressed.current < TWICE_MS) return;
    const made = form.make();
    const settings = options.make();
    waits.current = made !== null;
    if (!made || !settings) return form.toProblem(card.current);
    pressed.current = now;
    void submit.run({ payload: made.value, ...(options.fields && { options: settings.value }) });
  };
  useSubmitKey(card, run);
  // What the kernel finds wrong is shown where it is, to the one who asked.
  useEffect(() => {
    if (!told || !waits.current) return;
    waits.current = false;
    if (form.wrong) form.toProblem(card.current);
  }, [told]);
  const message = told?.message || (told ? "The payload is not valid." : submit.error && `Could not start the run: ${submit.error}`);
  const rest = [...form.rest, ...Object.entries(options.problems).map(([pointer, problem]) => `Option ${pointer.slice(1)}: ${problem}`)];
  // A new run is shown, whichever was chosen before.
  const shown = (chosen && chosen.when === runs[0]?.id ? runs.find(({ id }) => id === chosen.id) : undefined) ?? runs[0];
  return (
    <>
      <article class="tw-card tw-trigger" ref={card} tabIndex={-1} aria-label={`Start ${task ?? "a task"}`} aria-busy={busy} data-busy={busy || undefined}>
        <header class="tw-head">
          <div class="tw-title">
            {task ? <span class="tw-task" title={task}>{task}</span> : <span class="tw-task tw-bone" aria-hidden="true" />}
          </div>
          {form.fields && <Switch form={form} />}
        </header>
        <div class="tw-payload">
          <Written form={form} busy={busy} known={preset !== undefined || task !== undefined} />
        </div>
        {options.fields && (
          <Section title="Options" name="options" open={false} preview={<Options form={options} />}>
            <Fields fields={options.fields} draft={options.draft} problems={options.problems} busy={busy} onWrite={options.write} onLeave={options.leave} />
          </Section>
        )}
        {(fault || message || rest.length > 0) && (
          <div class="tw-line tw-bad" role="alert">
            {fault && <p><Sentence text={fault} /></p>}
            {message && <p><Sentence text={message} /></p>}
            {rest.map((each) => <p>{each}</p>)}
          </div>
        )}
        {hint && <p class="tw-line tw-hint"><Sentence text={hint} /></p>}
        <footer class="tw-start">
          <button type="button" class="tw-btn tw-primary" aria-disabled={!ready || busy} onClick={(event) => event.detail < 2 && run()}>
            <Icon name={busy ? "ring" : "play"} />
            {busy ? "Starting" : "Run"}
          </button>
          <span class="tw-hotkey">
            {submit.slow ? (
              "The kernel is busy; it starts the run as soon as it can."
            ) : (
              <>
                <kbd>{APPLE ? "⌘" : "Ctrl"}</kbd> <kbd>↵</kbd>
              </>
            )}
          </span>
          {(form.reset || options.reset) && !busy && (
            <button type="button" class="tw-link tw-reset" onClick={() => (form.reset?.(), options.reset?.())}>
              Reset
            </button>
          )}
        </footer>
        {runs.length > 1 && (
          <History
            runs={runs}
            shown={shown?.id}
            onShow={(id) => show({ id, when: runs[0]?.id })}
            onLoad={(payload) => {
              const parsed = parseJson(payload);
              if (!busy && parsed.ok) form.load(parsed.value);
            }}
          />
        )}
        <ConnectionNotice store={store} connection={null} onReconnect={() => {}} />
        <Announcer words={runs[0] ? `Run ${shortId(String(runs[0].id))} started` : ""} />
      </article>
      <Child host={host} reference={shown?.child} what="this run" />
    </>
  );
}

function startedIn(store: Store<TriggerState>): readonly Started[] {
  const runs = store.field("runs").value;
  return Array.isArray(runs) ? runs : [];
}

/** What is set, in one line. */
function Options({ form: { fields, draft } }: { form: Form }) {
  const set = Object.fromEntries((fields ?? []).flatMap(({ key }) => (draft[`/${key}`] ? [[key, draft[`/${key}`]]] : [])));
  return Object.keys(set).length > 0 ? <Preview value={set} /> : null;
}

function Switch({ form }: { form: Form }) {
  return (
    <div class="tw-switch" role="group" aria-label="How the payload is written">
      {(["form", "json"] as const).map((mode) => (
        <button key={mode} type="button" aria-pressed={form.mode === mode} onClick={() => form.turn(mode)}>
          {mode === "form" ? "Form" : "JSON"}
        </button>
      ))}
    </div>
  );
}
