import { shortId } from "../format.js";
import type { Store } from "../transport.js";
import { type Action, useAction } from "../ui/action.js";
import { Announcer } from "../ui/announcer.js";
import { Badge } from "../ui/badge.js";
import { Child, type Host } from "../ui/child.js";
import { ConfirmButton } from "../ui/confirm.js";
import { Copy } from "../ui/copy.js";
import { ConnectionNotice } from "../ui/notice.js";
import { isBranch, preview, size } from "../ui/json.js";
import { ProgressBar } from "../ui/progress.js";
import { Sentence } from "../ui/sentence.js";
import { Section } from "../ui/section.js";
import { Tree } from "../ui/tree.js";
import { Preview } from "../ui/value.js";
import { Failure } from "./failure.js";
import { More } from "./more.js";
import { NoOutput, Output } from "./output.js";
import type { Connection, RunState } from "./state.js";
import { Stats } from "./stats.js";
import { type StatusLook, lookOf } from "./status.js";

/** One run: what it is, how far it is, what came of it. */
export function RunCard({ store, host }: { store: Store<RunState>; host: Host }) {
  const status = store.field("status").value;
  const fault = store.field("fault").value;
  const error = store.field("error").value;
  const cancel = useAction(store, "cancel");
  const replay = useAction(store, "replay");
  const offline = store.offline.value;
  const canceling = !offline && (store.field("cancelling").value === true || cancel.pending);
  const look = lookOf({ status, canceling, hopeless: Boolean(fault) || offline });
  const connection = store.field("connection").value;
  const stale = look.phase !== "after" && (offline || !follows(connection));
  const reconnect = () => void store.act("reconnect");
  const replayed = store.field("replayed").value;
  const parts = store.field("parts").value;
  return (
    <>
      <article
        class="tw-card tw-run"
        tabIndex={-1}
        aria-label={`Run of ${store.field("task").value ?? "a task"}`}
        aria-busy={!status && !fault && !offline}
        data-run={store.field("run_id").value ?? undefined}
        data-status={status ?? undefined}
        data-phase={look.phase}
        data-stale={stale || undefined}
      >
        <Head store={store} look={look} canceling={canceling} onCancel={() => void cancel.run()} replay={replay} />
        <Bar store={store} look={look} stale={stale} />
        <Stats store={store} look={look} stale={stale} />
        {fault && (
          <p class="tw-line tw-fault" role="alert">
            <Sentence text={fault} />{" "}
            {connection?.state === "failed" && !offline && (
              <button type="button" class="tw-link" onClick={reconnect}>
                Reconnect
              </button>
            )}
          </p>
        )}
        <Hint store={store} />
        {cancel.error && look.phase !== "after" && (
          <p class="tw-line tw-fault" role="alert">
            Could not cancel: {cancel.error}
          </p>
        )}
        {cancel.slow && look.phase !== "after" && !offline && (
          <p class="tw-line">The kernel is busy with a cell; it cancels the run as soon as it can.</p>
        )}
        {replay.error && (
          <p class="tw-line tw-fault" role="alert">
            Could not replay: {replay.error}
          </p>
        )}
        {Array.isArray(parts) && parts.length > 0 && (
          <div class="tw-parts">
            {parts.map(({ kind, name, child }) => (
              <Child key={child} host={host} reference={child} what={`the ${kind} ${name}`} />
            ))}
          </div>
        )}
        {error && look.phase === "after" && <Failure error={error} />}
        <Result store={store} />
        <Metadata store={store} />
        <More store={store} look={look} />
        <ConnectionNotice
          store={store}
          connection={look.phase === "after" || (fault && connection?.state === "failed") ? null : connection}
          onReconnect={reconnect}
        />
        <Announcer words={status ? `${store.field("task").value ?? "Run"}: ${look.word}` : ""} />
      </article>
      {replayed && <Child host={host} reference={replayed.child} what="the replay" />}
    </>
  );
}

/** Whether what the kernel knows still comes from the server. */
function follows(connection: Connection | null | undefined): boolean {
  return connection?.state !== "failed" && connection?.state !== "closed";
}

interface BarProps {
  store: Store<RunState>;
  look: StatusLook;
  stale: boolean;
}

function Bar({ store, look, stale }: BarProps) {
  const fraction = store.field("progress").value?.fraction ?? null;
  return (
    <ProgressBar
      fraction={look.tone === "ok" ? 1 : fraction}
      active={!stale && look.phase === "during"}
      tone={look.tone}
      label="Progress"
    />
  );
}

interface HeadProps {
  store: Store<RunState>;
  look: StatusLook;
  canceling: boolean;
  onCancel: () => void;
  replay: Action;
}

function Head({ store, look, canceling, onCancel, replay }: HeadProps) {
  const task = store.field("task").value;
  const id = store.field("run_id").value;
  const over = look.phase === "after";
  const can = store.field("can").value?.[over ? "replay" : "cancel"];
  return (
    <header class="tw-head">
      <div class="tw-title">
        {task ? <span class="tw-task" title={task}>{task}</span> : <span class="tw-task tw-bone" aria-hidden="true" />}
        <span class="tw-ids">
          {id && (
            <Copy class="tw-id" label={`${shortId(id)}, copy run id`} title={`Copy ${id}`} text={() => id}>
              {shortId(id)}
            </Copy>
          )}
          <Tags tags={store.field("tags").value} />
        </span>
      </div>
      <div class="tw-actions">
        <Badge {...look} />
        {can === true && !over && !store.offline.value && (
          <ConfirmButton
            label="Cancel"
            question="Cancel run?"
            yes="Yes, cancel"
            no="Keep running"
            disabled={canceling}
            onConfirm={onCancel}
          />
        )}
        {can === true && over && !store.offline.value && (
          <button type="button" class="tw-btn" aria-disabled={replay.pending} title="Run it again with the same payload" onClick={() => void replay.run()}>
            {replay.pending ? "Starting" : "Replay"}
          </button>
        )}
        {typeof can === "string" && (
          <span class="tw-why" tabIndex={0} role="note" title={can} aria-label={`Read only: ${can}`}>
            read only
          </span>
        )}
      </div>
    </header>
  );
}

const TAGS = 3;

function Tags({ tags }: { tags: string[] | null | undefined }) {
  if (!Array.isArray(tags) || tags.length === 0) return null;
  const rest = tags.slice(TAGS);
  return (
    <span class="tw-tags">
      {tags.slice(0, TAGS).map((tag) => (
        <span class="tw-tag" title={String(tag)}>
          {String(tag)}
        </span>
      ))}
      {rest.length > 0 && (
        <span class="tw-tag" title={rest.join(", ")}>
          +{rest.length}
        </span>
      )}
    </span>
  );
}

function Hint({ store }: { store: Store<RunState> }) {
  const hint = store.field("hint").value;
  return hint ? (
    <p class="tw-line tw-hint">
      <Sentence text={hint} />
    </p>
  ) : null;
}

function Result({ store }: { store: Store<RunState> }) {
  const output = store.field("output").value;
  if (store.field("has_output").value) return <Output value={output ?? null} />;
  return store.field("status").value === "COMPLETED" ? <NoOutput /> : null;
}

/** Metadata that fits in a glance is open, the rest waits to be opened. */
const GLANCE = 12;

function Metadata({ store }: { store: Store<RunState> }) {
  const metadata = store.field("metadata").value;
  if (!isBranch(metadata) || size(metadata) === 0) return null;
  return (
    <Section
      title="Metadata"
      name="metadata"
      open={size(metadata) <= GLANCE && preview(metadata, 2000)[1]}
      preview={<Preview value={metadata} />}
      tools={<Copy label="Copy metadata" text={() => JSON.stringify(metadata, null, 2)} />}
    >
      <Tree value={metadata} label="Metadata" />
    </Section>
  );
}
