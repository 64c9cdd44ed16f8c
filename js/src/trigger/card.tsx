import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { clock, shortId } from "../format.js";
import type { Store } from "../transport.js";
import { useAction } from "../ui/action.js";
import { Announcer } from "../ui/announcer.js";
import { Copy } from "../ui/copy.js";
import { Icon } from "../ui/icon.js";
import { ConnectionNotice } from "../ui/notice.js";
import { Sentence } from "../ui/sentence.js";
import { APPLE, useSubmitKey } from "../ui/submit.js";
import { Child, type Host } from "./child.js";
import { Fields } from "../form/fields.js";
import { JsonBox } from "../form/json-box.js";
import type { TriggerState } from "./state.js";
import { type Payload, usePayload } from "../form/use-payload.js";

/** Two presses nearer than this are one: a double click, a bouncing key. */
const TWICE_MS = 500;

/** A task to start: its payload, a button, and the run that came of it. */
export function TriggerCard({ store, host }: { store: Store<TriggerState>; host: Host }) {
  const card = useRef<HTMLElement>(null);
  const task = store.field("task").value;
  const fault = store.field("fault").value;
  const hint = store.field("hint").value;
  const offline = store.offline.value;
  const submit = useAction(store, "submit");
  const payload = usePayload(store);
  const pressed = useRef(Number.NEGATIVE_INFINITY);
  const waits = useRef(false);
  const busy = !offline && (store.field("submitting").value === true || submit.pending);
  const ready = task !== undefined && !offline && !fault;
  const run = () => {
    const now = Date.now();
    if (!ready || busy || now - pressed.current < TWICE_MS) return;
    const made = payload.make();
    waits.current = made !== null;
    if (!made) return payload.toProblem(card.current);
    pressed.current = now;
    void submit.run({ payload: made.value });
  };
  useSubmitKey(card, run);
  // What the kernel finds wrong is shown where it is, to the one who asked.
  const told = store.field("problem").value;
  useEffect(() => {
    if (!told || !waits.current) return;
    waits.current = false;
    if (payload.wrong) payload.toProblem(card.current);
  }, [told]);
  const message = told?.message || (told ? "The payload is not valid." : submit.error && `Could not start the run: ${submit.error}`);
  return (
    <>
      <article class="tw-card tw-trigger" ref={card} tabIndex={-1} aria-label={`Start ${task ?? "a task"}`} aria-busy={busy} data-busy={busy || undefined}>
        <header class="tw-head">
          <div class="tw-title">
            {task ? <span class="tw-task" title={task}>{task}</span> : <span class="tw-task tw-bone" aria-hidden="true" />}
          </div>
          {payload.fields && <Switch payload={payload} />}
        </header>
        <div class="tw-payload">
          {payload.fields && payload.mode === "form" ? (
            <Fields fields={payload.fields} draft={payload.draft} problems={payload.problems} busy={busy} onWrite={payload.write} />
          ) : (
            <JsonBox text={payload.text} fault={payload.fault} busy={busy} known={store.field("payload").value !== undefined || task !== undefined} onWrite={payload.type} />
          )}
        </div>
        {(fault || message || payload.rest.length > 0) && (
          <div class="tw-line tw-bad" role="alert">
            {fault && <p><Sentence text={fault} /></p>}
            {message && <p><Sentence text={message} /></p>}
            {payload.rest.map((each) => <p>{each}</p>)}
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
          <Latest store={store} />
        </footer>
        <ConnectionNotice store={store} connection={null} onReconnect={() => {}} />
        <Announcer words={started(store)} />
      </article>
      <Child host={host} reference={store.field("child").value} />
    </>
  );
}

function started(store: Store<TriggerState>): string {
  const runs = store.field("runs").value;
  return Array.isArray(runs) && runs[0] ? `Run ${shortId(String(runs[0].id))} started` : "";
}

function Switch({ payload }: { payload: Payload }) {
  return (
    <div class="tw-switch" role="group" aria-label="How the payload is written">
      {(["form", "json"] as const).map((mode) => (
        <button key={mode} type="button" aria-pressed={payload.mode === mode} onClick={() => payload.turn(mode)}>
          {mode === "form" ? "Form" : "JSON"}
        </button>
      ))}
    </div>
  );
}

/** The runs started here before; a click copies the id. */
function Latest({ store }: { store: Store<TriggerState> }) {
  const runs = store.field("runs").value;
  const list = useRef<HTMLUListElement>(null);
  // The newest stands first: show it when a narrow card was scrolled.
  useLayoutEffect(() => void (list.current && (list.current.scrollLeft = 0)), [runs]);
  if (!Array.isArray(runs) || runs.length === 0) return null;
  return (
    <ul class="tw-latest-runs" aria-label="Runs started here" ref={list}>
      <li aria-hidden="true">Started</li>
      {runs.slice(0, 5).map(({ id, created_at: at }) => (
        <li key={id}>
          <Copy class="tw-id" label={`${shortId(String(id))}, copy run id`} title={`Copy ${String(id)}`} text={() => String(id)}>
            {typeof at === "number" ? clock(at, Date.now()) : shortId(String(id))}
          </Copy>
        </li>
      ))}
    </ul>
  );
}
