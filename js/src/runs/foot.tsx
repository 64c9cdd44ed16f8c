import { useState } from "preact/hooks";
import { count, shortId } from "../format.js";
import type { Store } from "../transport.js";
import { ConfirmButton } from "../ui/confirm.js";
import { Icon } from "../ui/icon.js";
import { SHORT } from "./columns.js";
import type { Many } from "./many.js";
import { type Rows, isOver } from "./rows.js";
import type { Selection } from "./selection.js";
import type { RunsState } from "./state.js";

interface Props {
  store: Store<RunsState>;
  rows: Rows;
  /** how many rows pass the filter */
  shown: number;
  selection: Selection;
  many: Many;
  offline: boolean;
  tall: boolean;
  onTall: () => void;
  onOpen: (id: string) => void;
}

const runs = (n: number): string => `${count(n)} ${n === 1 ? "run" : "runs"}`;

/** How many there are, and what can be done with those that are chosen. */
export function Foot({ store, rows, shown, selection, many, offline, tall, onTall, onOpen }: Props) {
  const all = rows.byId.size;
  const chosen = selection.ids.size;
  const doing = store.field("doing").value;
  return (
    <>
      <Replayed store={store} onOpen={onOpen} />
      <footer class="tw-foot">
        <span class="tw-num" role={doing ? "status" : undefined}>
          {doing && doing.of > 1
            ? `${doing.name === "cancel" ? "Canceling" : "Replaying"}: ${count(doing.done)} of ${count(doing.of)}`
            : chosen > 0
              ? `${count(chosen)} selected`
              : shown === all
                ? runs(all)
                : `${count(shown)} of ${runs(all)}`}
        </span>
        <div class="tw-tools">
          {chosen > 0 && !offline && <Tools store={store} rows={rows} selection={selection} many={many} />}
          {chosen === 0 && <Why can={store.field("can").value} />}
          {chosen === 0 && all > SHORT.wide && (
            <button type="button" class="tw-copy" aria-expanded={tall} onClick={onTall}>
              {tall ? "Collapse" : "Expand"}
            </button>
          )}
        </div>
      </footer>
    </>
  );
}

function Tools({ store, rows, selection, many }: Pick<Props, "store" | "rows" | "selection" | "many">) {
  const can = store.field("can").value;
  const ids = [...selection.ids];
  const over = ids.filter((id) => isOver(rows.byId.get(id) ?? NO_ROW));
  const going = ids.filter((id) => !over.includes(id) && !many.canceling.has(id));
  return (
    <>
      {can?.cancel === true && going.length > 0 && (
        <ConfirmButton
          label={`Cancel ${count(going.length)}`}
          question={`Cancel ${runs(going.length)}?`}
          yes="Yes, cancel"
          no="Keep running"
          disabled={many.pending}
          onConfirm={() => many.cancel(going)}
        />
      )}
      {can?.replay === true && over.length === 1 && (
        <button type="button" class="tw-btn" aria-disabled={many.pending} onClick={() => !many.pending && many.replay(over)}>
          Replay 1
        </button>
      )}
      {can?.replay === true && over.length > 1 && (
        <ConfirmButton
          label={`Replay ${count(over.length)}`}
          question={`Run ${runs(over.length)} again?`}
          yes="Yes, replay"
          no="No"
          disabled={many.pending}
          onConfirm={() => many.replay(over)}
        />
      )}
      <Why can={can} />
      <button type="button" class="tw-copy" aria-label="Choose none" title="Choose none (Escape)" onClick={() => selection.all(false)}>
        <Icon name="close" />
      </button>
    </>
  );
}

const NO_ROW = { id: "", task: "", status: "", created: null, started: null, finished: null, fraction: null, label: "", note: "", cells: {} };

/** What this token cannot do, and why. */
function Why({ can }: { can: RunsState["can"] | undefined }) {
  const reasons = [can?.cancel, can?.replay].filter((reason) => typeof reason === "string");
  if (reasons.length === 0) return null;
  return (
    <span class="tw-why" tabIndex={0} role="note" title={reasons.join("\n")} aria-label={reasons.join("; ")}>
      {reasons.length > 1 ? "read only" : "no replay"}
    </span>
  );
}

/** The runs that came of a replay: those of a batch are in no table. */
function Replayed({ store, onOpen }: Pick<Props, "store" | "onOpen">) {
  const ids = store.field("replayed").value;
  const [seen, see] = useState<unknown>(null);
  if (!Array.isArray(ids) || ids.length === 0 || seen === ids) return null;
  const first = String(ids[0]);
  return (
    <p class="tw-line tw-replayed">
      Replayed as <code>{shortId(first)}</code>
      {ids.length > 1 && ` and ${runs(ids.length - 1)} more`}.{" "}
      <button type="button" class="tw-link" onClick={() => onOpen(first)}>
        Open
      </button>{" "}
      <button type="button" class="tw-link" onClick={() => see(ids)}>
        Dismiss
      </button>
    </p>
  );
}
