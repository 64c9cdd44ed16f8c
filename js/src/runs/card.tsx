import { useMemo, useRef, useState } from "preact/hooks";
import type { Store } from "../transport.js";
import { Child, type Host } from "../ui/child.js";
import { Announcer } from "../ui/announcer.js";
import { Badge } from "../ui/badge.js";
import { Copy } from "../ui/copy.js";
import { Icon } from "../ui/icon.js";
import { ConnectionNotice } from "../ui/notice.js";
import { Sentence } from "../ui/sentence.js";
import { useSize } from "../ui/size.js";
import { HEAD, ONE_LINE, STEPS, layoutOf, roomOf } from "./columns.js";
import { Filters } from "./filters.js";
import { Foot } from "./foot.js";
import { useLive } from "./live.js";
import { type Overall, overall } from "./look.js";
import { useMany } from "./many.js";
import { Numbers, Stack } from "./overview.js";
import { NO_FILTER, type Sort } from "./rows.js";
import { useSelection } from "./selection.js";
import { useShared } from "./shared.js";
import type { RunsState } from "./state.js";
import { Table } from "./table.js";
import { View } from "./view.js";

/** The height in px of what is around the rows: chips, heads, foot; and of a field on a line of its own. */
const FRAME = 36 + HEAD + 33;
const SEARCH = 36;

/** Many runs: how they stand together, and a line for each. */
export function RunsCard({ store, host }: { store: Store<RunsState>; host: Host }) {
  const card = useRef<HTMLElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const { rows, settled } = useLive(store);
  const [filter, setFilter] = useState(NO_FILTER);
  const [tall, stretch] = useState(false);
  const [viewing, view] = useState(false);
  const size = useSize(card, STEPS);
  const offline = store.offline.value;
  const fault = store.field("fault").value;
  const connection = store.field("connection").value;
  const done = store.field("done").value === true;
  // Counts of the kernel come with each message; without them they are those of the rows.
  const counts = rows.counts(store.field("counts").value);
  const known = rows.byId.size > 0 || (connection !== undefined && connection?.state !== "connecting");
  const look = overall({ counts, known, done, hopeless: Boolean(fault) || offline });
  const stale = !done && (offline || connection?.state === "failed" || connection?.state === "closed");

  const [columns, arrange] = useArrangement(store);
  const sort = sortOf(columns.sort);
  const automatic = list(store.field("automatic").value) ?? [];
  const kinds = store.field("fields").value ?? {};
  const layout = useMemo(
    () => layoutOf(size, { chosen: columns.columns, automatic, kinds }, rows),
    [size, columns.columns?.join("\n"), automatic.join("\n"), Object.keys(kinds).length, rows.labelled, rows.progressed, rows.noted, rows.wordy, rows.tasks.size > 1],
  );
  const shown = useMemo(
    () => rows.arranged(filter, sort, Date.now() - store.skew.peek()),
    [rows, settled, filter, columns.sort, store],
  );
  const selection = useSelection(store, shown, (id) => rows.byId.has(id));
  const many = useMany(store, rows);
  const child = store.field("child").value;
  const [opened, open] = useShared(child?.id ?? null, async (id) => (await store.act(id === null ? "close" : "open", id === null ? {} : { id })).ok);
  const hint = store.field("hint").value;
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
      data-folded={size < ONE_LINE || undefined}
    >
      <Head store={store} look={look} />
      <Stack store={store} counts={counts} />
      <Numbers store={store} rows={rows} counts={counts} stale={stale} />
      {(fault || many.error) && (
        <p class="tw-line tw-fault" role="alert">
          <Sentence text={String(fault || many.error)} />
        </p>
      )}
      {hint && !empty && (
        <p class="tw-line tw-hint">
          <Sentence text={hint} />
        </p>
      )}
      {many.slow && !offline && <p class="tw-line">The kernel is busy with a cell; it answers as soon as it can.</p>}
      {empty ? (
        <Empty store={store} known={known} hopeless={Boolean(fault) || offline} narrow={layout.narrow} folded={size < ONE_LINE} />
      ) : (
        <>
          <Filters counts={counts} filter={filter} onFilter={setFilter} onDown={() => grid.current?.focus()} open={viewing} onMore={() => view(!viewing)} />
          {viewing && (
            <View
              tasks={[...rows.tasks].sort()}
              filter={filter}
              onFilter={setFilter}
              shown={layout.columns.map(({ name }) => name)}
              fields={Object.keys(kinds)}
              own={columns.columns !== null}
              onColumns={(next) => arrange({ ...columns, columns: next && [...next] })}
            />
          )}
          <div class="tw-sheet">
            <Table
              store={store}
              rows={rows}
              shown={shown}
              layout={layout}
              sort={sort}
              onSort={({ by, down }) => arrange({ ...columns, sort: by === "run" && !down ? null : `${down ? "-" : ""}${by}` })}
              selection={selection}
              choosing={!offline}
              opened={opened}
              canceling={many.canceling}
              stale={stale}
              tall={tall}
              grid={grid}
              onOpen={(id) => !offline && open(id)}
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
          <Foot store={store} rows={rows} shown={shown.length} selection={selection} many={many} offline={offline} tall={tall} onTall={() => stretch(!tall)} onOpen={open} />
        </>
      )}
      {opened !== null && (
        <div class="tw-open" role="group" aria-label="The open run">
          <Child host={host} reference={child?.id === opened ? child.model : null} what="this run" />
          <button type="button" class="tw-copy tw-shut" aria-label="Close the run" title="Close (Escape)" onClick={() => open(null)}>
            <Icon name="close" />
          </button>
        </div>
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

interface Arrangement {
  columns: string[] | null;
  sort: string | null;
}

/** Which columns, and in which order of rows: kept by the kernel, so that a reload changes nothing. */
function useArrangement(store: Store<RunsState>) {
  const told: Arrangement = { columns: list(store.field("columns").value), sort: text(store.field("sort").value) };
  return useShared(told, async (next) => (await store.latest("arrange", { ...next })).ok);
}

const list = (value: unknown): string[] | null => (Array.isArray(value) ? value.map(String) : null);
const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

function sortOf(sort: string | null): Sort {
  return sort === null ? { by: "run", down: false } : { by: sort.replace(/^-/, ""), down: sort.startsWith("-") };
}

function Head({ store, look }: { store: Store<RunsState>; look: Overall }) {
  const title = store.field("title").value;
  const subtitle = store.field("subtitle").value;
  const id = typeof subtitle === "string" && /^batch_\w+$/.test(subtitle) ? subtitle : null;
  const short = id && `${id.slice(0, 10)}…${id.slice(-4)}`;
  return (
    <header class="tw-head">
      <div class="tw-title">
        {title ? <span class="tw-task" title={title}>{title}</span> : <span class="tw-task tw-bone" aria-hidden="true" />}
        <span class="tw-ids">
          {id ? (
            <Copy class="tw-id" label={`${short}, copy batch id`} title={`Copy ${id}`} text={() => id}>
              {short}
            </Copy>
          ) : (
            subtitle && <span class="tw-sub" title={subtitle}>{subtitle}</span>
          )}
        </span>
      </div>
      <div class="tw-actions">
        <Badge {...look} />
      </div>
    </header>
  );
}

interface EmptyProps {
  store: Store<RunsState>;
  known: boolean;
  hopeless: boolean;
  narrow: boolean;
  /** chips and words stand on two lines */
  folded: boolean;
}

function Empty({ store, known, hopeless, narrow, folded }: EmptyProps) {
  const hint = store.field("hint").value;
  const total = store.field("total").value;
  const batch = typeof total === "number";
  // As high as what comes in its place, where that is known.
  const minHeight = batch ? `${FRAME + (folded ? SEARCH : 0) + roomOf(total, narrow, false)}px` : undefined;
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
