import { useEffect, useRef, useState } from "preact/hooks";
import { countdown, shortId } from "../format.js";
import { Prose } from "../markdown/prose.js";
import type { Store } from "../transport.js";
import { type Action, useAction } from "../ui/action.js";
import { Announcer } from "../ui/announcer.js";
import { kernelNow } from "../ui/elapsed.js";
import { Head, Remark } from "../ui/head.js";
import { ConnectionNotice } from "../ui/notice.js";
import { Answer } from "./answer.js";
import { DecisionMade } from "./decision.js";
import { approvalLook } from "./look.js";
import type { ApprovalState, Phase } from "./state.js";

/** A question to a person, and what became of it. */
export function ApprovalCard({ store }: { store: Store<ApprovalState> }) {
  const told = store.field("phase").value ?? null;
  const decision = store.field("decision").value ?? null;
  const fault = store.field("fault").value;
  const prompt = store.field("prompt").value;
  const connection = store.field("connection").value;
  const [title, token, until] = [store.field("title").value, store.field("token_id").value, store.field("timeout_at").value];
  const offline = store.offline.value;
  const card = useRef<HTMLElement>(null);
  const complete = useAction(store, "complete");
  const given = useGiven(told, complete);
  const phase: Phase | null = given !== null && isOpen(told) ? "sending" : told;
  const look = approvalLook(phase, decision, Boolean(fault) || offline);
  return (
    <article
      class="tw-card tw-approval"
      ref={card}
      tabIndex={-1}
      aria-label={`Approval: ${store.field("title").value ?? "a decision"}`}
      aria-busy={!told && !fault && !offline}
      data-token={store.field("token_id").value ?? undefined}
      data-phase={phase ?? "connecting"}
      data-stale={(offline && (!phase || isOpen(phase) || phase === "sending")) || undefined}
    >
      <Head title={title || (phase ? "Approval" : null)} id={token} short={token ? shortId(token) : ""} of="token" look={look}>
        {isOpen(phase) && typeof until === "number" && <TimeLeft store={store} until={until} />}
      </Head>
      <Remark as="fault" text={fault} />
      {prompt && (
        <div class="tw-prompt">
          <Prose text={String(prompt)} />
        </div>
      )}
      {phase && (isOpen(phase) || phase === "sending") && !(fault && !told) ? (
        <Answer store={store} card={card} phase={phase} given={given ?? decision?.approved ?? null} complete={complete} />
      ) : phase ? (
        <DecisionMade store={store} phase={phase} />
      ) : null}
      <ConnectionNotice
        store={store}
        connection={phase && isOpen(phase) && connection?.state !== "closed" ? connection : null}
        onReconnect={() => void store.act("reconnect")}
      />
      <Announcer words={phase ? `${store.field("title").value ?? "Approval"}: ${look.word}` : ""} />
    </article>
  );
}

/** Whether a person can still answer. */
export function isOpen(phase: Phase | null): boolean {
  return phase === "asking" || phase === "failed";
}

/** Long enough for the kernel to say that it took an answer up. */
const HEARD_MS = 8000;

/**
 * The answer that was clicked, until the kernel shows one of its own: the card says "sending" from
 * the click on, and again "asking" if nothing came of it.
 */
function useGiven(told: Phase | null, complete: Action): boolean | null {
  const [given, give] = useState<boolean | null>(null);
  const seen = useRef(told);
  useEffect(() => {
    if (told !== seen.current) give(null);
    seen.current = told;
  }, [told]);
  useEffect(() => {
    if (complete.args) give(complete.args["approved"] !== false);
  }, [complete.args]);
  useEffect(() => {
    if (complete.pending || given === null) return;
    if (complete.error) return give(null);
    const timer = setTimeout(() => give(null), HEARD_MS);
    return () => clearTimeout(timer);
  }, [complete.pending, complete.error, given]);
  return complete.pending ? complete.args?.["approved"] !== false : given;
}

const SOON_MS = 60_000;

function TimeLeft({ store, until }: { store: Store<ApprovalState>; until: number }) {
  const left = until - kernelNow(store, { stale: store.offline.value });
  return (
    <span class="tw-num tw-left" data-soon={left < SOON_MS || undefined}>
      {left > 0 ? `${countdown(left)} left` : "time is up"}
    </span>
  );
}
