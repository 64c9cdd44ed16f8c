import { useRef } from "preact/hooks";
import { useForm } from "../form/use-form.js";
import { Written } from "../form/written.js";
import { lookOf } from "../run/status.js";
import type { Store } from "../transport.js";
import { Announcer } from "../ui/announcer.js";
import { Badge } from "../ui/badge.js";
import { Copy } from "../ui/copy.js";
import { Icon, type IconName } from "../ui/icon.js";
import { ConnectionNotice } from "../ui/notice.js";
import { Sentence } from "../ui/sentence.js";
import { APPLE, useSubmitKey } from "../ui/submit.js";
import { Box } from "./box.js";
import { Messages } from "./messages.js";
import { type Outgoing, useOutgoing } from "./outgoing.js";
import type { InputState } from "./state.js";

/** What a person can tell a run that goes on, and what was told. */
export function InputCard({ store }: { store: Store<InputState> }) {
  const outgoing = useOutgoing(store);
  const of = <K extends keyof InputState>(key: K) => store.field(key).value;
  const { messages } = outgoing;
  const offline = store.offline.value;
  const [mode, fault, hint, connection] = [of("mode"), of("fault"), of("hint"), of("connection")];
  const can = of("can")?.send;
  const name = of("stream") ?? "the run";
  const look = inputLook(of("status"), of("done") === true, Boolean(fault) || offline);
  const open = can === true && !offline && !fault;
  const last = messages.at(-1);
  return (
    <article
      class="tw-card tw-telling"
      tabIndex={-1}
      aria-label={`Input ${name}`}
      data-run={of("run_id") ?? undefined}
      data-stream={of("stream") ?? undefined}
      data-phase={of("done") ? "over" : open ? "open" : "closed"}
      data-stale={(offline && !of("done")) || undefined}
    >
      <Head store={store} look={look} />
      {fault && (
        <p class="tw-line tw-fault" role="alert">
          <Sentence text={fault} />
        </p>
      )}
      {hint && (
        <p class="tw-line tw-hint">
          <Sentence text={hint} />
        </p>
      )}
      {messages.length > 0 && <Messages messages={messages} earlier={of("earlier") ?? 0} canSend={open} onRetry={outgoing.retry} />}
      {typeof can === "string" && (
        <p class="tw-line tw-cannot">
          <Sentence text={can} />
        </p>
      )}
      {open && mode === "chat" && <Box label={`Message to ${name}`} disabled={false} onSend={outgoing.send} />}
      {open && mode === "form" && <Value store={store} outgoing={outgoing} />}
      <ConnectionNotice store={store} connection={of("done") || fault || connection?.state === "closed" ? null : connection} onReconnect={() => void store.act("reconnect")} />
      <Announcer words={last?.state === "failed" || !last ? "" : last.state === "sent" ? "Sent" : "Sending"} />
    </article>
  );
}

function Head({ store, look }: { store: Store<InputState>; look: ReturnType<typeof inputLook> }) {
  const [task, stream] = [store.field("task").value, store.field("stream").value];
  return (
    <header class="tw-head">
      <div class="tw-title">
        {task || stream ? <span class="tw-task">{task ?? "input"}</span> : <span class="tw-task tw-bone" aria-hidden="true" />}
        <span class="tw-ids">
          {stream && (
            <Copy class="tw-id" label={`Copy stream id ${stream}`} text={() => stream}>
              {stream}
            </Copy>
          )}
        </span>
      </div>
      <div class="tw-actions">
        <Badge {...look} />
      </div>
    </header>
  );
}

/** A value to send: a form, or JSON. */
function Value({ store, outgoing }: { store: Store<InputState>; outgoing: Outgoing }) {
  const box = useRef<HTMLDivElement>(null);
  const of = <K extends keyof InputState>(key: K) => store.field(key).value;
  const form = useForm({ schema: of("schema"), preset: of("payload"), told: of("problem") });
  const busy = !outgoing.idle;
  const send = () => {
    if (busy) return;
    const made = form.make();
    if (made) void outgoing.send(made.value);
    else form.toProblem(box.current);
  };
  useSubmitKey(box, send);
  return (
    <div class="tw-payload" ref={box}>
      <Written form={form} busy={busy} />
      {form.rest.length > 0 && (
        <p class="tw-problem" role="alert">
          {form.rest.join(" ")}
        </p>
      )}
      <div class="tw-decide">
        <button type="button" class="tw-btn tw-primary" aria-disabled={busy} onClick={send}>
          <Icon name={busy ? "ring" : "arrow"} /> {busy ? "Sending" : "Send"}
        </button>
        <span class="tw-keys">
          <kbd>{APPLE ? "⌘" : "Ctrl"}</kbd> <kbd>↵</kbd>
        </span>
      </div>
    </div>
  );
}

function inputLook(status: string | null | undefined, done: boolean, hopeless: boolean): { word: string; tone: string; icon: IconName } {
  if (status) {
    const { word, tone, icon } = lookOf({ status });
    return { word, tone, icon };
  }
  if (done) return { word: "Ended", tone: "off", icon: "slash" };
  return hopeless ? { word: "No data", tone: "off", icon: "slash" } : { word: "Open", tone: "idle", icon: "dashed" };
}
