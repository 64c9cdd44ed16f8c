import type { ComponentChildren } from "preact";
import { clock, cost, count, countdown, eta, percent, rate } from "../format.js";
import type { Store } from "../transport.js";
import { Elapsed, kernelNow } from "../ui/elapsed.js";
import type { Progress, RunState } from "./state.js";
import type { StatusLook } from "./status.js";

interface Props {
  store: Store<RunState>;
  look: StatusLook;
  /** nobody follows the run, so its clock stands */
  stale: boolean;
}

/** The line of numbers. Each has its place from the start, so that none pushes another. */
export function Stats({ store, look, stale }: Props) {
  const attempt = store.field("attempt").value;
  const most = store.field("max_attempts").value;
  const cents = store.field("cost_cents").value;
  return (
    <div class="tw-stats">
      <div class="tw-now">
        <Now store={store} look={look} stale={stale} />
      </div>
      <div class="tw-sum">
        {typeof attempt === "number" && attempt > 1 && (
          <span class="tw-num">
            attempt {attempt}
            {typeof most === "number" && most >= attempt && ` of ${most}`}
          </span>
        )}
        {typeof cents === "number" && cents > 0 && <span class="tw-num">{cost(cents)}</span>}
        <Span store={store} look={look} stale={stale} />
      </div>
    </div>
  );
}

function Now({ store, look, stale }: Props) {
  const status = store.field("status").value;
  const progress = store.field("progress").value;
  const started = store.field("started_at").value;
  const finished = store.field("finished_at").value;
  const created = store.field("created_at").value;
  const until = store.field("delayed_until").value;
  if (!status) return look.phase === "after" ? null : <span class="tw-bone" aria-hidden="true" />;
  if (look.phase === "after") {
    const undone = look.tone !== "ok" && progress && isNumber(progress.fraction) && progress.fraction < 1;
    return (
      <>
        {isNumber(finished) && <span>{at(look.tone === "ok" ? "Finished" : "Ended", finished)}</span>}
        {undone && (
          <span>
            at <Percent fraction={progress.fraction ?? 0} />
          </span>
        )}
        {undone && <Counted progress={progress} />}
      </>
    );
  }
  if (look.phase === "during" && progress) return <Going progress={progress} stale={stale} />;
  if (look.phase === "during" && isNumber(started)) return <span>{at("Started", started)}</span>;
  if (status === "DELAYED" && isNumber(until)) return <StartsIn store={store} until={until} stale={stale} />;
  return isNumber(created) ? <span>{at("Triggered", created)}</span> : null;
}

function Going({ progress, stale }: { progress: Progress; stale: boolean }) {
  return (
    <>
      {isNumber(progress.fraction) && <Percent fraction={progress.fraction} />}
      <Counted progress={progress} />
      {!stale && isNumber(progress.rate) && progress.rate > 0 && (
        <span class="tw-num tw-rate">
          <Strong text={rate(progress.rate)} />
        </span>
      )}
      {!stale && isNumber(progress.eta) && <span class="tw-num tw-eta">{eta(progress.eta)}</span>}
      {progress.label && <span class="tw-label">{progress.label}</span>}
    </>
  );
}

function Percent({ fraction }: { fraction: number }) {
  return (
    <span class="tw-num tw-percent">
      <b>{percent(fraction)}</b>
    </span>
  );
}

function Counted({ progress }: { progress: Progress }) {
  if (!isNumber(progress.current)) return null;
  const current = count(progress.current);
  if (!isNumber(progress.total)) return <span class="tw-num"><b>{current}</b></span>;
  const total = count(progress.total);
  return (
    <span class="tw-num tw-counted" style={{ minWidth: `${total.replaceAll(",", "").length * 2 + 3}ch` }}>
      <b>{current}</b> / {total}
    </span>
  );
}

function StartsIn({ store, until, stale }: { store: Store<RunState>; until: number; stale: boolean }) {
  return (
    <span class="tw-num">
      Starts in <b>{countdown(until - kernelNow(store, { stale }))}</b>, {at("at", until)}
    </span>
  );
}

/** How long it ran, or how long it has been waiting to. */
function Span({ store, look, stale }: Props) {
  const created = store.field("created_at").value;
  const started = store.field("started_at").value;
  const finished = store.field("finished_at").value ?? null;
  const status = store.field("status").value;
  const from = isNumber(started) ? started : created;
  if (!status || !isNumber(from) || status === "DELAYED") return <span class="tw-elapsed" />;
  // An end without a time: better no clock than one that runs on.
  if (look.phase === "after" && finished === null) return <span class="tw-elapsed" />;
  const word = look.phase === "after" ? (isNumber(started) ? "ran" : "waited") : isNumber(started) ? "" : "waiting";
  return (
    <span class="tw-elapsed">
      {word && <>{word} </>}
      <b>
        <Elapsed store={store} from={from} until={finished} stale={stale} />
      </b>
    </span>
  );
}

function Strong({ text }: { text: string }): ComponentChildren {
  const [, digits = text, unit = ""] = /^([\d.,]+)(.*)$/.exec(text) ?? [];
  return (
    <>
      <b>{digits}</b>
      {unit}
    </>
  );
}

export function at(word: string, ms: number): ComponentChildren {
  return (
    <>
      {word} <time dateTime={new Date(ms).toISOString()}>{clock(ms, Date.now())}</time>
    </>
  );
}

export function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
