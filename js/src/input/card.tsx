import { useRef } from "preact/hooks";
import { useForm } from "../form/use-form.js";
import { Written } from "../form/written.js";
import { lookOf } from "../run/status.js";
import type { Store } from "../transport.js";
import { Announcer } from "../ui/announcer.js";
import { Head, Remark } from "../ui/head.js";
import { Icon, type IconName } from "../ui/icon.js";
import { ConnectionNotice } from "../ui/notice.js";
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
      <Head title={of("task") ?? (of("stream") ? "input" : null)} id={of("stream")} of="stream" look={look} />
      <Remark as="fault" text={fault} />
      <Remark as="hint" text={hint} />
      {messages.length > 0 && <Messages messages={messages} earlier={of("earlier") ?? 0} canSend={open} onRetry={outgoing.retry} />}
      {typeof can === "string" && <Remark as="cannot" text={can} />}
      {open && mode === "chat" && <Box label={`Message to ${name}`} disabled={false} onSend={outgoing.send} />}
      {open && mode === "form" && <Value store={store} outgoing={outgoing} />}
      <ConnectionNotice store={store} connection={of("done") || fault || connection?.state === "closed" ? null : connection} onReconnect={() => void store.act("reconnect")} />
      <Announcer words={last?.state === "failed" || !last ? "" : last.state === "sent" ? "Sent" : "Sending"} />
    </article>
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
      <Written form={form} busy={busy} label="Data" />
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
