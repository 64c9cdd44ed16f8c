import { Component } from "preact";
import { duration, percent, shortId } from "../format.js";
import { lookOf } from "../run/status.js";
import type { Store } from "../transport.js";
import { Badge } from "../ui/badge.js";
import { Copy } from "../ui/copy.js";
import { Elapsed } from "../ui/elapsed.js";
import type { Layout } from "./columns.js";
import { type Column, type Row, isOver } from "./rows.js";
import type { RunsState } from "./state.js";

/** What a person can do with a row; the same functions always. */
export interface Acts {
  readonly press: (event: MouseEvent, id: string) => void;
  readonly toggle: (event: MouseEvent, id: string) => void;
}

interface Props {
  store: Store<RunsState>;
  row: Row;
  /** its place among the rows shown */
  index: number;
  /** px from the first row */
  top: number;
  id: string;
  layout: Layout;
  /** whether rows can be chosen at all */
  choosing: boolean;
  chosen: boolean;
  active: boolean;
  canceling: boolean;
  stale: boolean;
  /** whether the runs are of more than one task */
  mixed: boolean;
  acts: Acts;
}

/** A row. It is drawn anew only when something of its own changed. */
export class Line extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    return (Object.keys(next) as (keyof Props)[]).some((key) => next[key] !== this.props[key]);
  }

  override render() {
    const { row, index, top, id, layout, choosing, chosen, active, acts } = this.props;
    const free = choosing && !isOver(row);
    return (
      <div
        id={id}
        class="tw-tr"
        role="row"
        style={{ top: `${top}px` }}
        aria-rowindex={index + 2}
        aria-selected={choosing ? chosen : undefined}
        data-run={row.id}
        data-status={row.status || undefined}
        data-active={active || undefined}
        onClick={(event) => acts.press(event, row.id)}
      >
        {choosing && (
          <span role="gridcell" class="tw-td tw-td-choose" onClick={(event) => free && acts.toggle(event, row.id)}>
            {free && <input type="checkbox" tabIndex={-1} checked={chosen} aria-label={`Choose ${shortId(row.id)}`} />}
          </span>
        )}
        {layout.columns.map((column) => (
          <span key={column} role="gridcell" class={`tw-td tw-td-${column}`}>
            {this.cell(column)}
          </span>
        ))}
      </div>
    );
  }

  private cell(column: Column) {
    const { store, row, layout, mixed, canceling, stale } = this.props;
    const look = lookOf({ status: row.status, canceling });
    switch (column) {
      case "run":
        return (
          <Copy class="tw-id" tabIndex={-1} label={`${shortId(row.id)}, copy run id`} title={`Copy ${row.id}`} text={() => row.id}>
            {shortId(row.id)}
          </Copy>
        );
      case "label":
        return (
          <span class="tw-clip" title={[row.task, row.label, row.id].filter(Boolean).join("\n")}>
            {mixed && row.task && <span class="tw-dim">{row.task} </span>}
            {row.label || (!mixed && shortId(row.id))}
          </span>
        );
      case "status":
        return <Badge {...look} />;
      case "progress":
        return look.phase === "during" || look.tone !== "ok" ? <Bar fraction={row.fraction} tone={look.tone} /> : null;
      case "time":
        if (row.started === null || (look.phase === "after" && row.finished === null)) return null;
        if (row.finished !== null) return duration(row.finished - row.started);
        return look.phase === "during" ? <Elapsed store={store} from={row.started} until={null} stale={stale} /> : null;
      case "note":
        // Two lines have no column for the bar.
        if (layout.narrow && !row.note && look.phase === "during") return <Bar fraction={row.fraction} tone={look.tone} />;
        return row.note && (
          <span class={look.tone === "bad" ? "tw-clip tw-error" : "tw-clip"} title={row.note}>
            {row.note}
          </span>
        );
    }
  }
}

function Bar({ fraction, tone }: { fraction: number | null; tone: string }) {
  if (fraction === null) return null;
  return (
    <span class="tw-meter">
      <span class={`tw-bar tw-${tone}`} aria-hidden="true">
        <span class="tw-fill" style={{ transform: `scaleX(${fraction})` }} />
      </span>
      <span class="tw-num">{percent(fraction)}</span>
    </span>
  );
}
