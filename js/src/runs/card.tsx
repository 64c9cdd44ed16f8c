import { useMemo, useRef, useState } from "preact/hooks";
import { count } from "../format.js";
import type { Store } from "../transport.js";
import { useAction } from "../ui/action.js";
import { Announcer } from "../ui/announcer.js";
import { Badge } from "../ui/badge.js";
import { ConfirmButton } from "../ui/confirm.js";
import { Copy } from "../ui/copy.js";
import { ConnectionNotice } from "../ui/notice.js";
import { Sentence } from "../ui/sentence.js";
import { useSize } from "../ui/size.js";
import { useCanceling } from "./canceling.js";
import { HEAD, SHORT, STEPS, layoutOf, roomOf } from "./columns.js";
import { Filters } from "./filters.js";
import { useLive } from "./live.js";
import { type Overall, overall } from "./look.js";
import { Numbers, Stack } from "./overview.js";
import type { Filter, Sort } from "./rows.js";
import { useSelection } from "./selection.js";
import type { RunsState } from "./state.js";
import { Table } from "./table.js";

/** The height in px of what is around the rows: chips, heads, foot; and of a field on a line of its own. */
const FRAME = 36 + HEAD + 33;
const SEARCH = 36;
const NO_FILTER: Filter = { statuses: new Set(), words: "" };

/** Many runs: how they stand together, and a line for each. */
export function RunsCard({ store }: { store: Store<RunsState> }) {
  const card = useRef<HTMLElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const { rows, settled } = useLive(store);
  const [filter, setFilter] = useState(NO_FILTER);
  const [sort, setSort] = useState<Sort>({ by: "run", down: false });
  const [tall, stretch] = useState(false);
  const size = useSize(card, STEPS);
  const offline = store.offline.value;
  const fault = store.field("fault").value;
  const connection = store.field("connection").value;
  const done = store.field("done").value === true;
  const told = store.field("counts").value;
  // Counts of the kernel come with each message; without them they are those of the rows.
  const counts = rows.counts(told);
  const known = rows.byId.size > 0 || (connection !== undefined && connection?.state !== "connecting");
  const look = overall({ counts, known, done, hopeless: Boolean(fault) || offline });
  const stale = !done && (offline || connection?.state === "failed" || connection?.state === "closed");
  const shown = useMemo(
    () => rows.arranged(filter, sort, Date.now() - store.skew.peek()),
    [rows, settled, filter, sort, store],
  );
  const layout = useMemo(() => layoutOf(size, rows.labelled || rows.tasks.size > 1), [size, rows.labelled, rows.tasks.size > 1]);
  const selection = useSelection({ shown, now: (id) => rows.byId.get(id) });
  const cancel = useCanceling(store, rows);
  const open = useAction(store, "open");
  const can = store.field("can").value?.cancel;
  // The column stays once it was there: the last run that ends moves nothing.
  const choosing = useRef(false);
  choosing.current ||= can === true && !offline;
  const empty = rows.byId.size === 0;
  return (
    <article
      class="tw-card tw-runs"
      ref={card}
      tabIndex={-1}
      aria-label={store.field("title").value ?? "Runs"}
      aria-busy={!known && !fault && !offline}
      data-phase={look.phase}
      data-stale={stale || undefined}
      data-narrow={layout.narrow || undefined}
    >
      <Head store={store} look={look}>
        {can === true && !offline && selection.ids.size > 0 && (
          <ConfirmButton
            label={`Cancel ${count(selection.ids.size)} selected`}
            question={`Cancel ${many(selection.ids.size)}?`}
            yes="Yes, cancel"
            no="Keep running"
            disabled={cancel.pending}
            onConfirm={() => {
              cancel.run([...selection.ids]);
              selection.all(false);
            }}
          />
        )}
      </Head>
      <Stack store={store} counts={counts} />
      <Numbers store={store} rows={rows} counts={counts} stale={stale} />
      {fault && (
        <p class="tw-line tw-fault" role="alert">
          <Sentence text={fault} />
        </p>
      )}
      {store.field("hint").value && !empty && (
        <p class="tw-line tw-hint">
          <Sentence text={store.field("hint").value ?? ""} />
        </p>
      )}
      {(cancel.error ?? open.error) && (
        <p class="tw-line tw-fault" role="alert">
          {cancel.error ? `Could not cancel: ${cancel.error}` : `Could not open the run: ${open.error}`}
        </p>
      )}
      {(cancel.slow || open.slow) && !offline && <p class="tw-line">The kernel is busy with a cell; it answers as soon as it can.</p>}
      {empty ? (
        <Empty store={store} known={known} hopeless={Boolean(fault) || offline} narrow={layout.narrow} />
      ) : (
        <>
          <Filters counts={counts} filter={filter} onFilter={setFilter} onDown={() => grid.current?.focus()} />
          <div class="tw-sheet">
            <Table
              store={store}
              rows={rows}
              shown={shown}
              layout={layout}
              sort={sort}
              onSort={setSort}
              selection={selection}
              choosing={choosing.current}
              canceling={cancel.ids}
              stale={stale}
              tall={tall}
              grid={grid}
              onOpen={(id) => void (offline ? undefined : open.run({ id }))}
            />
            {shown.length === 0 && (
              <p class="tw-none">
                No run matches.{" "}
                <button type="button" class="tw-link" onClick={() => setFilter(NO_FILTER)}>
                  Show all
                </button>
              </p>
            )}
          </div>
          <Foot shown={shown.length} all={rows.byId.size} chosen={selection.ids.size} can={done ? null : can} tall={tall} onTall={() => stretch(!tall)} />
        </>
      )}
      <ConnectionNotice
        store={store}
        connection={done || (fault && connection?.state === "failed") ? null : connection}
        onReconnect={() => void store.act("reconnect")}
      />
      <Announcer words={known ? `${store.field("title").value ?? "Runs"}: ${look.word}` : ""} />
    </article>
  );
}

const many = (n: number): string => `${count(n)} ${n === 1 ? "run" : "runs"}`;

function Head({ store, look, children }: { store: Store<RunsState>; look: Overall; children: preact.ComponentChildren }) {
  const title = store.field("title").value;
  const subtitle = store.field("subtitle").value;
  const id = typeof subtitle === "string" && /^batch_\w+$/.test(subtitle) ? subtitle : null;
  return (
    <header class="tw-head">
      <div class="tw-title">
        {title ? <span class="tw-task" title={title}>{title}</span> : <span class="tw-task tw-bone" aria-hidden="true" />}
        <span class="tw-ids">
          {id ? (
            <Copy class="tw-id" label={`Copy batch id ${id}`} text={() => id}>
              {`${id.slice(0, 10)}…${id.slice(-4)}`}
            </Copy>
          ) : (
            subtitle && <span class="tw-sub" title={subtitle}>{subtitle}</span>
          )}
        </span>
      </div>
      <div class="tw-actions">
        {children}
        <Badge {...look} />
      </div>
    </header>
  );
}

interface FootProps {
  shown: number;
  all: number;
  chosen: number;
  can: true | string | null | undefined;
  tall: boolean;
  onTall: () => void;
}

function Foot({ shown, all, chosen, can, tall, onTall }: FootProps) {
  return (
    <footer class="tw-foot">
      <span class="tw-num">
        {shown === all ? many(all) : `${count(shown)} of ${many(all)}`}
        {chosen > 0 && `, ${count(chosen)} selected`}
      </span>
      <div class="tw-tools">
        {typeof can === "string" && (
          <span class="tw-why" tabIndex={0} role="note" title={can} aria-label={`No cancel: ${can}`}>
            read only
          </span>
        )}
        {all > SHORT.wide && (
          <button type="button" class="tw-copy" aria-expanded={tall} onClick={onTall}>
            {tall ? "Collapse" : "Expand"}
          </button>
        )}
      </div>
    </footer>
  );
}

interface EmptyProps {
  store: Store<RunsState>;
  known: boolean;
  hopeless: boolean;
  narrow: boolean;
}

function Empty({ store, known, hopeless, narrow }: EmptyProps) {
  const hint = store.field("hint").value;
  const total = store.field("total").value;
  const batch = typeof total === "number";
  // As high as what comes in its place, where that is known.
  const minHeight = batch ? `${FRAME + (narrow ? SEARCH : 0) + roomOf(total, narrow, false)}px` : undefined;
  if (hopeless) return null;
  if (!known) {
    return (
      <div class="tw-waiting" aria-hidden="true" style={{ minHeight }}>
        {[84, 62, 73].map((width) => (
          <i class="tw-bone" style={{ width: `${width}%` }} />
        ))}
      </div>
    );
  }
  return (
    <p class="tw-waiting" style={{ minHeight }}>
      {hint ? <Sentence text={hint} /> : batch ? "Waiting for the first run" : "No runs with this tag yet. A run appears here as soon as it is triggered."}
    </p>
  );
}
