import { useMemo, useRef, useState } from "preact/hooks";
import { count } from "../format.js";
import type { Store } from "../transport.js";
import { Icon } from "../ui/icon.js";
import { useUniqueId } from "../ui/ids.js";
import { useVirtual } from "../ui/virtual.js";
import { HEAD, LINE, type Layout, TWO_LINES, roomOf } from "./columns.js";
import { type Acts, Line } from "./line.js";
import type { Row, Rows, Sort } from "./rows.js";
import type { Selection } from "./selection.js";
import type { RunsState } from "./state.js";

interface Props {
  store: Store<RunsState>;
  rows: Rows;
  shown: readonly Row[];
  layout: Layout;
  sort: Sort;
  onSort: (sort: Sort) => void;
  selection: Selection;
  /** whether rows can be chosen */
  choosing: boolean;
  /** the run whose card is open */
  opened: string | null;
  canceling: ReadonlySet<string>;
  stale: boolean;
  tall: boolean;
  /** null closes what is open */
  onOpen: (id: string | null) => void;
  /** gets the element that takes the keys */
  grid: { current: HTMLDivElement | null };
}

/** The rows in sight, and the keys that walk them. */
export function Table(props: Props) {
  const { store, rows, shown, layout, selection, choosing, canceling, stale, tall, grid } = props;
  const base = useUniqueId();
  const [activeId, activate] = useState<string | null>(null);
  const height = layout.narrow ? TWO_LINES : LINE;
  // As high as all rows need, not only those that pass the filter: typing moves nothing.
  const expected = store.field("total").value;
  const room = roomOf(Math.max(rows.byId.size, typeof expected === "number" ? expected : 0), layout.narrow, tall);
  const virtual = useVirtual({ count: shown.length, height, room, head: HEAD });
  const active = activeId === null ? -1 : shown.findIndex((row) => row.id === activeId);
  const goTo = (index: number): Row | undefined => {
    const row = shown[Math.min(Math.max(index, 0), shown.length - 1)];
    if (row) {
      activate(row.id);
      virtual.reveal(shown.indexOf(row));
    }
    return row;
  };
  const handle = { ...props, goTo, activate };
  const latest = useRef(handle);
  latest.current = handle;
  const acts = useMemo(() => actsOf(latest), []);
  const step = Math.max(1, Math.floor(room / height) - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.altKey) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key !== "a") return;
    const to = { ArrowDown: active + 1, ArrowUp: active < 0 ? 0 : active - 1, Home: 0, End: shown.length - 1, PageDown: active + step, PageUp: active - step }[event.key];
    if (command) {
      if (!choosing) return;
      selection.all(true);
    } else if (to !== undefined) {
      if (event.shiftKey && choosing && active >= 0 && selection.ids.size === 0) selection.extend(shown[active]?.id ?? "");
      const row = goTo(to);
      if (event.shiftKey && choosing && row) selection.extend(row.id);
    } else if (event.key === " " && choosing && activeId !== null) selection.toggle(activeId);
    else if (event.key === "Enter" && !event.shiftKey && activeId !== null) props.onOpen(activeId);
    else if (event.key === "Escape" && selection.ids.size > 0) selection.all(false);
    else if (event.key === "Escape" && props.opened !== null) props.onOpen(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const widths = `${choosing ? "30px " : ""}${layout.widths}`;
  const scale = layout.columns.map(({ name }) => rows.scales.get(name)?.join()).join(" ");
  const drawn = shown.slice(virtual.first, virtual.last);
  return (
    <div
      class="tw-grid"
      role="grid"
      tabIndex={0}
      ref={(el) => {
        virtual.box.current = el;
        grid.current = el;
      }}
      aria-label={`${count(shown.length)} runs`}
      aria-rowcount={shown.length + 1}
      aria-colcount={layout.columns.length + Number(choosing)}
      aria-multiselectable={choosing || undefined}
      aria-activedescendant={active >= virtual.first && active < virtual.last ? `${base}-${activeId}` : undefined}
      data-gutter={choosing || undefined}
      data-choosing={(choosing && selection.ids.size > 0) || undefined}
      style={{ "--tw-cols": widths, "--tw-least": `${layout.least}px`, height: `${HEAD + room}px` }}
      onScroll={virtual.onScroll}
      onKeyDown={onKeyDown}
      onFocus={(event) => event.target === event.currentTarget && active < 0 && shown.length > 0 && goTo(virtual.at)}
      onCopy={(event) => {
        const ids = selection.ids.size > 0 ? [...selection.ids] : activeId === null ? [] : [activeId];
        if (ids.length === 0 || !getSelection()?.isCollapsed) return;
        event.clipboardData?.setData("text/plain", ids.join("\n"));
        event.preventDefault();
      }}
    >
      <div role="rowgroup" class="tw-thead">
        <Heads {...props} />
      </div>
      <div role="rowgroup" class="tw-tbody" style={{ height: `${Math.max(0, shown.length * height - 1)}px` }}>
        {drawn.map(({ id }, i) => {
          const index = virtual.first + i;
          const row = rows.byId.get(id);
          return (
            row && (
              <Line
                key={id}
                id={`${base}-${id}`}
                store={store}
                row={row}
                index={index}
                top={index * height}
                layout={layout}
                choosing={choosing}
                chosen={selection.ids.has(id)}
                active={id === activeId}
                open={id === props.opened}
                canceling={canceling.has(id)}
                stale={stale}
                mixed={rows.tasks.size > 1}
                scale={scale}
                scales={rows.scales}
                acts={acts}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

type Latest = { current: Props & { goTo: (index: number) => unknown; activate: (id: string) => void } };

function actsOf(latest: Latest): Acts {
  const point = (id: string) => {
    latest.current.activate(id);
    latest.current.grid.current?.focus({ preventScroll: true });
  };
  return {
    press(event, id) {
      const { choosing, selection, opened, onOpen } = latest.current;
      // A button in the row, or words marked to copy them, are no wish to open it.
      if ((event.target as Element).closest("button") || getSelection()?.isCollapsed === false) return;
      point(id);
      if (choosing && event.shiftKey) selection.extend(id);
      else if (choosing && (event.ctrlKey || event.metaKey)) selection.toggle(id);
      else onOpen(id === opened ? null : id);
    },
    toggle(event, id) {
      event.stopPropagation();
      const { selection } = latest.current;
      // What is drawn follows the choice, not the click.
      if (event.target instanceof HTMLInputElement) event.target.checked = selection.ids.has(id);
      point(id);
      if (event.shiftKey) selection.extend(id);
      else selection.toggle(id);
    },
  };
}

function Heads({ shown, layout, sort, onSort, selection, choosing }: Props) {
  const chosen = selection.ids.size;
  const next = (by: string): Sort => (sort.by !== by ? { by, down: false } : sort.down && by !== "run" ? { by: "run", down: false } : { by, down: !sort.down });
  return (
    <div role="row" class="tw-tr" aria-rowindex={1}>
      {choosing && (
        <span role="columnheader" class="tw-td tw-td-choose">
          <input
            type="checkbox"
            class="tw-check"
            aria-label={chosen > 0 ? "Choose none" : `Choose all ${count(shown.length)} that are shown`}
            disabled={shown.length === 0}
            checked={chosen > 0 && chosen >= shown.length}
            ref={(el) => void (el && (el.indeterminate = chosen > 0 && chosen < shown.length))}
            onChange={() => selection.all(chosen === 0)}
          />
        </span>
      )}
      {layout.columns.map(({ name, title, kind }) => {
        const sorted = sort.by === name;
        return (
          <span
            key={name}
            role="columnheader"
            class={`tw-td tw-td-${/^\w+$/.test(name) ? name : "field"} ${kind === "number" ? "tw-td-number" : ""}`}
            aria-sort={sorted ? (sort.down ? "descending" : "ascending") : "none"}
          >
            <button type="button" class="tw-sort" title={name === "run" ? "Sort by time of creation" : name} onClick={() => onSort(next(name))}>
              <span class="tw-clip">{title}</span>
              <span class="tw-way" data-on={sorted || undefined} data-down={(sorted && sort.down) || undefined}>
                <Icon name="arrow" />
              </span>
            </button>
          </span>
        );
      })}
    </div>
  );
}
