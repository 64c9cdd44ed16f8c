import { count, eta, percent, rate } from "../format.js";
import { lookOf } from "../run/status.js";
import type { Store } from "../transport.js";
import { Elapsed } from "../ui/elapsed.js";
import type { Rows } from "./rows.js";
import type { RunsState } from "./state.js";

interface Props {
  store: Store<RunsState>;
  rows: Rows;
  counts: ReadonlyMap<string, number>;
  /** nobody follows the runs, so the clock stands */
  stale: boolean;
}

/** Half a line of colour: how all of them stand. What is over stands left, so it is a progress bar too. */
export function Stack({ store, counts }: Pick<Props, "store" | "counts">) {
  const { finished, total } = tally(store, counts);
  const known = [...counts.values()].reduce((a, b) => a + b, 0);
  const rest = Math.max(0, total - known);
  const words = [...counts].map(([status, n]) => `${lookOf({ status }).word} ${count(n)}`).join(", ");
  return (
    <div
      class="tw-shares"
      role="progressbar"
      aria-label="Finished runs"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={total > 0 ? Math.floor((finished / total) * 100 + 1e-9) : 0}
      aria-valuetext={words || "no runs yet"}
    >
      {[...counts].map(([status, n]) => (
        <i key={status} class={`tw-share tw-${lookOf({ status }).tone}`} style={{ flexGrow: n }} title={`${lookOf({ status }).word}: ${count(n)}`} />
      ))}
      {(rest > 0 || known === 0) && <i key="rest" class="tw-share tw-rest" style={{ flexGrow: rest || 1 }} />}
    </div>
  );
}

/** The line of numbers. Each has its place from the start, so that none pushes another. */
export function Numbers({ store, rows, counts, stale }: Props) {
  const { finished, total } = tally(store, counts);
  const done = store.field("done").value === true;
  const pace = store.field("rate").value;
  const left = store.field("eta").value;
  const batch = typeof store.field("total").value === "number";
  const { from, until } = batch ? rows.span() : { from: null, until: null };
  const of = count(total);
  if (total === 0) return <div class="tw-stats">{!stale && !store.field("connection").value && <span class="tw-bone" aria-hidden="true" />}</div>;
  return (
    <div class="tw-stats">
      <div class="tw-now">
        {!done && (
          <span class="tw-num tw-percent">
            <b>{percent(finished / total)}</b>
          </span>
        )}
        <span class="tw-num" style={{ minWidth: `${of.replaceAll(",", "").length * 2 + 9}ch` }}>
          <b>{count(finished)}</b> / {of}
          <span class="tw-unit"> finished</span>
        </span>
        {!done && !stale && typeof pace === "number" && pace > 0 && (
          <span class="tw-num tw-rate">
            <b>{rate(pace).split("/")[0]}</b>/{rate(pace).split("/")[1]}
          </span>
        )}
        {!done && !stale && typeof left === "number" && <span class="tw-num tw-eta">{eta(left)}</span>}
      </div>
      <div class="tw-sum">
        {from !== null && (!done || until !== null) && (
          <span class="tw-elapsed">
            {done && "took "}
            <b>
              <Elapsed store={store} from={from} until={done ? until : null} stale={stale} />
            </b>
          </span>
        )}
      </div>
    </div>
  );
}

/** How many are over, of how many; both as far as anybody knows. */
function tally(store: Store<RunsState>, counts: ReadonlyMap<string, number>): { finished: number; total: number } {
  let known = 0;
  let over = 0;
  for (const [status, n] of counts) {
    known += n;
    if (lookOf({ status }).phase === "after") over += n;
  }
  const [told, expected] = [store.field("finished").value, store.field("total").value];
  const total = Math.max(known, typeof expected === "number" ? expected : 0);
  return { finished: Math.min(total, typeof told === "number" ? told : over), total };
}
