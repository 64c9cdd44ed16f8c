import { Component } from "preact";
import { clock, count, duration, percent, shortId } from "../format.js";
import { lookOf } from "../run/status.js";
import type { Store } from "../transport.js";
import { Badge } from "../ui/badge.js";
import { Copy } from "../ui/copy.js";
import { Elapsed } from "../ui/elapsed.js";
import { type Field, type Layout, isOutput } from "./columns.js";
import { type Row, cellOf, isBad, isOver } from "./rows.js";
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
  /** its card is open */
  open: boolean;
  canceling: boolean;
  stale: boolean;
  /** whether the runs are of more than one task */
  mixed: boolean;
  /** changes when the numbers of a field have another scale */
  scale: string;
  scales: ReadonlyMap<string, readonly [least: number, most: number]>;
  acts: Acts;
}

/** A row. It is drawn anew only when something of its own changed. */
export class Line extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    return (Object.keys(next) as (keyof Props)[]).some((key) => next[key] !== this.props[key]);
  }

  override render() {
    const { row, index, top, id, layout, choosing, chosen, active, open, acts } = this.props;
    const at = choosing ? 2 : 1;
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
        data-open={open || undefined}
        onClick={(event) => acts.press(event, row.id)}
      >
        {choosing && (
          <span role="gridcell" aria-colindex={1} class="tw-td tw-td-choose" onClick={(event) => acts.toggle(event, row.id)}>
            <input type="checkbox" class="tw-check" tabIndex={-1} checked={chosen} aria-label={`Choose ${shortId(row.id)}`} />
          </span>
        )}
        {layout.narrow ? this.two(at) : this.cells(at)}
      </div>
    );
  }

  /** Each column its cell. What failed has no output: why stands where that would. */
  private cells(at: number) {
    const { layout, row } = this.props;
    const { columns } = layout;
    let last = columns.length;
    if (row.note && isBad(row)) while (last > 0 && takesError(columns[last - 1] as Field)) last--;
    const cells = columns.slice(0, last).map((column, i) => this.td(column.name, at + i, this.value(column), column.kind));
    const rest = columns.length - last;
    if (rest > 0) cells.push(this.td("note", at + last, this.note(), "", rest));
    return cells;
  }

  /** Name and time, status and what it says: two lines. */
  private two(at: number) {
    const { layout, row } = this.props;
    const { columns } = layout;
    const built = ["run", "label", "task", "status", "time", "created"];
    const name = columns.find((column) => ["run", "label", "task"].includes(column.name)) ?? { name: "label", title: "", kind: "" };
    const time = columns.find((column) => ["time", "created"].includes(column.name)) ?? { name: "time", title: "", kind: "" };
    const said = columns.filter((column) => !built.includes(column.name) && column.name !== "note" && cellOf(row, column.name) !== undefined);
    const bar = row.fraction !== null && !isOver(row);
    const words =
      row.note && isBad(row) ? this.note()
      : bar ? <Bar fraction={row.fraction} tone="run" />
      : said.length > 0 ? (
        <span class="tw-clip tw-brief">
          {said.map(({ name, title }) => (
            <span key={name}>
              {title} <b>{plain(cellOf(row, name))}</b>
            </span>
          ))}
        </span>
      ) : this.note();
    const status = { name: "status", title: "", kind: "" };
    return [this.td(name.name, at, this.value(name)), this.td("time", at + 1, this.value(time)), this.td("status", at + 2, this.value(status)), this.td("note", at + 3, words)];
  }

  private td(name: string, at: number, value: preact.ComponentChildren, kind = "", span = 1) {
    return (
      <span
        key={name}
        role="gridcell"
        aria-colindex={at}
        aria-colspan={span > 1 ? span : undefined}
        class={`tw-td tw-td-${/^\w+$/.test(name) ? name : "field"} ${kind === "number" ? "tw-td-number" : ""}`}
        style={span > 1 ? { gridColumn: `span ${span}` } : undefined}
      >
        {value}
      </span>
    );
  }

  private note() {
    const { note } = this.props.row;
    return note && <Clip text={note} class={isBad(this.props.row) ? "tw-error" : ""} />;
  }

  private value({ name, kind }: Field) {
    const { store, row, mixed, canceling, stale, layout, scales } = this.props;
    const look = lookOf({ status: row.status, canceling });
    switch (name) {
      case "run":
        return (
          <Copy class="tw-id" tabIndex={-1} label={`${shortId(row.id)}, copy run id`} title={`Copy ${row.id}`} text={() => row.id}>
            {shortId(row.id)}
          </Copy>
        );
      case "label":
        return (
          <span class="tw-clip" title={[row.task, row.label, row.id].filter(Boolean).join("\n")}>
            {mixed && row.task && !layout.columns.some((column) => column.name === "task") && <span class="tw-dim">{row.task} </span>}
            {row.label || (!mixed && shortId(row.id))}
          </span>
        );
      case "task":
        return <Clip text={row.task} />;
      case "status":
        return <Badge {...look} />;
      case "progress":
        return look.phase === "during" || look.tone !== "ok" ? <Bar fraction={row.fraction} tone={look.tone} /> : null;
      case "time":
        if (row.started === null || (look.phase === "after" && row.finished === null)) return null;
        if (row.finished !== null) return duration(row.finished - row.started);
        return look.phase === "during" ? <Elapsed store={store} from={row.started} until={null} stale={stale} /> : null;
      case "created":
        return row.created !== null && clock(row.created, Date.now());
      case "note":
        return this.note();
      default: {
        const value = cellOf(row, name);
        if (value === undefined || value === null) return null;
        const [least, most] = scales.get(name) ?? [0, 0];
        if (kind !== "number" || typeof value !== "number") return <Clip text={plain(value)} />;
        return <Meter from={(Math.min(0, value) - least) / (most - least)} to={(Math.max(0, value) - least) / (most - least)} words={plain(value)} title={String(value)} />;
      }
    }
  }
}

const takesError = ({ name }: Field) => name === "note" || isOutput(name);

function Clip({ text, class: more = "" }: { text: string; class?: string }) {
  return (
    <span class={`tw-clip ${more}`} title={text}>
      {text}
    </span>
  );
}

function Bar({ fraction, tone }: { fraction: number | null; tone: string }) {
  return fraction === null ? null : <Meter from={0} to={fraction} words={percent(fraction)} tone={tone} />;
}

/** A number, and how it stands in its column. */
function Meter({ from, to, words, tone = "quiet", title }: { from: number; to: number; words: string; tone?: string; title?: string }) {
  const [start, part] = Number.isFinite(from + to) ? [from, to - from] : [0, 0];
  return (
    <span class="tw-meter" title={title}>
      <span class={`tw-bar tw-${tone}`} aria-hidden="true">
        <span class="tw-fill" style={{ transform: `translateX(${+(start * 100).toFixed(2)}%) scaleX(${+part.toFixed(4)})` }} />
      </span>
      <span class="tw-num">{words}</span>
    </span>
  );
}

const four = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

/** A value in as few characters as tell it. */
function plain(value: unknown): string {
  if (typeof value !== "number") return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(2);
  return Number.isInteger(value) ? count(value) : four.format(value);
}
