import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Signal, useComputed, useSignal } from "../signals.js";
import { count } from "../format.js";
import type { Store } from "../transport.js";
import { useAction } from "../ui/action.js";
import { Announcer } from "../ui/announcer.js";
import { Head, Remark } from "../ui/head.js";
import { Icon } from "../ui/icon.js";
import { ConnectionNotice } from "../ui/notice.js";
import { Foot } from "./foot.js";
import { Items } from "./items.js";
import { type StreamLook, streamLook } from "./look.js";
import { type Pin, usePin } from "./pin.js";
import { type Mode, Reader } from "./reader.js";
import type { StreamState } from "./state.js";

/** What a task writes, as it comes. */
export function StreamCard({ store }: { store: Store<StreamState> }) {
  const stop = useAction(store, "stop");
  const start = useAction(store, "start");
  const pin = usePin();
  const words = useSignal(0);
  const [tall, stretch] = useState(false);
  const { done, stopped, status, fault, mode, hint, note, truncated, connection } = fields(store);
  const offline = store.offline.value;
  const begun = useComputed(() => (store.field("parts").value ?? 0) > 0 || Boolean(store.field("text").value)).value;
  const look = streamLook({
    done: done === true, stopped: stopped === true, status, begun,
    known: mode !== undefined && connection?.state !== "connecting",
    hopeless: Boolean(fault) || offline,
  });
  const name = store.field("stream").value ?? "the stream";
  return (
    <article
      class="tw-card tw-streaming"
      tabIndex={-1}
      aria-label={`Stream ${name}`}
      data-run={store.field("run_id").value ?? undefined}
      data-stream={store.field("stream").value ?? undefined}
      data-phase={look.phase}
      data-stale={(offline && look.phase !== "over") || undefined}
    >
      <Head title={store.field("task").value} id={store.field("stream").value} of="stream" look={look}>
        {look.phase !== "over" && !offline && !fault && mode && <StopButton stopped={stopped === true} stop={stop} start={start} />}
      </Head>
      <Remark as="fault" text={fault} />
      {(stop.error ?? start.error) && (
        <p class="tw-line tw-fault" role="alert">
          {stop.error ? `Could not stop: ${stop.error}` : `Could not follow: ${start.error}`}
        </p>
      )}
      {(stop.slow || start.slow) && !offline && <p class="tw-line">The kernel is busy with a cell; it answers as soon as it can.</p>}
      <Remark as="hint" text={hint} />
      <Remark text={note} />
      {begun ? (
        <Body pin={pin} name={name} live={look.phase === "live"} tall={tall}>
          {truncated && <p class="tw-cut">{truncated}</p>}
          {mode === "json" ? (
            <Values store={store} pin={pin} />
          ) : (
            <Words key={mode} store={store} mode={mode === "text" ? "text" : "markdown"} pin={pin} words={words} />
          )}
        </Body>
      ) : (
        <Empty look={look} />
      )}
      {begun && <Foot store={store} look={look} words={words} tall={tall} onTall={() => stretch(!tall)} box={pin.box} />}
      <ConnectionNotice
        store={store}
        connection={look.phase === "over" || look.word === "Stopped" || fault ? null : connection}
        onReconnect={() => void store.act("start")}
      />
      <Announcer words={said(name, look)} />
    </article>
  );
}

function fields(store: Store<StreamState>) {
  const of = <K extends keyof StreamState>(key: K) => store.field(key).value;
  return {
    done: of("done"), stopped: of("stopped"), status: of("status"), fault: of("fault"), mode: of("mode"),
    hint: of("hint"), note: of("note"), truncated: of("truncated"), connection: of("connection"),
  };
}

/** A screen reader hears that it begins and ends, not each word. */
function said(name: string, look: StreamLook): string {
  return look.phase === "waiting" && look.icon === "ring" ? "" : `${name}: ${look.word}`;
}

type Act = ReturnType<typeof useAction>;

function StopButton({ stopped, stop, start }: { stopped: boolean; stop: Act; start: Act }) {
  const pending = stop.pending || start.pending;
  return (
    <button
      type="button"
      class="tw-btn tw-toggle"
      aria-disabled={pending}
      title={stopped ? "Go on from where it stopped" : "Stop following; the run goes on"}
      onClick={() => !pending && void (stopped ? start : stop).run()}
    >
      {stopped ? "Follow" : "Stop"}
    </button>
  );
}

interface BodyProps {
  pin: Pin;
  name: string;
  live: boolean;
  tall: boolean;
  children: ComponentChildren;
}

function Body({ pin, name, live, tall, children }: BodyProps) {
  return (
    <div class="tw-pane" data-tall={tall || undefined}>
      <div
        class="tw-scroll"
        ref={pin.box}
        tabIndex={0}
        role="group"
        aria-label={`Text of ${name}`}
        aria-busy={live}
        onScroll={pin.onScroll}
      >
        {children}
      </div>
      {!pin.pinned && (
        <button type="button" class="tw-latest" onClick={pin.jump}>
          <Icon name="chevron" /> {live ? "Jump to latest" : "Jump to end"}
        </button>
      )}
    </div>
  );
}

interface TextProps {
  store: Store<StreamState>;
  mode: Mode;
  pin: Pin;
  words: Signal<number>;
}

/** The text itself; the reader writes it, past the view library. */
function Words({ store, mode, pin, words }: TextProps) {
  const host = useRef<HTMLDivElement>(null);
  const reader = useRef<Reader | undefined>(undefined);
  const over = store.field("done").value === true;
  const grew = useRef(false);
  useLayoutEffect(() => {
    const at = (reader.current = new Reader(host.current as HTMLElement, mode, () => {
      words.value = reader.current?.words ?? 0;
      // A text that was over when it came is read from its beginning.
      grew.current ||= store.field("done").peek() !== true;
      if (grew.current) pin.settle();
    }));
    const unfollow = store.follow("text", (value, whole) => {
      const text = typeof value === "string" ? value : "";
      if (whole) at.whole(text, store.field("length").peek() ?? 0);
      else at.part(text);
    });
    return () => {
      unfollow();
      at.free();
    };
  }, [store, mode]);
  useEffect(() => {
    if (reader.current) reader.current.over = over;
  }, [over, mode]);
  return <div class={mode === "text" ? "tw-raw" : "tw-md"} ref={host} />;
}

function Values({ store, pin }: { store: Store<StreamState>; pin: Pin }) {
  const items = store.field("items").value;
  const list = Array.isArray(items) ? items : [];
  useLayoutEffect(pin.settle, [items]);
  const base = Math.max(0, (store.field("parts").value ?? 0) - list.length);
  return (
    <>
      {base > 0 && !store.field("truncated").value && <p class="tw-cut">The first {count(base)} parts are not shown here; in Python, `parts` has them.</p>}
      <Items items={list} base={base} still={!pin.pinned} />
    </>
  );
}

function Empty({ look }: { look: StreamLook }) {
  if (look.phase === "waiting") {
    return (
      <div class="tw-empty">
        {look.word !== "Connecting" && <span>Waiting for the first part</span>}
        <span class="tw-bones" aria-hidden="true">
          <i class="tw-bone" />
          <i class="tw-bone" />
        </span>
      </div>
    );
  }
  if (look.phase === "over") return <p class="tw-empty">{look.tone === "ok" ? "The stream ended without a part." : "Nothing was written before the run ended."}</p>;
  return look.word === "Stopped" ? <p class="tw-empty">Stopped before the first part.</p> : null;
}
