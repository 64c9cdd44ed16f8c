import { useRef, useState } from "preact/hooks";
import { count } from "../format.js";
import { Icon } from "./icon.js";
import { isBranch } from "./json.js";
import { type Choices, type Row, rowsOf } from "./rows.js";
import { Leaf, Preview, TEXT_STEP } from "./value.js";

/** A JSON object or array to walk through, by mouse or by the keys of a WAI-ARIA tree. */
export function Tree({ value, label }: { value: object; label: string }) {
  const [{ open, limits }, choose] = useState<Choices>({ open: new Map(), limits: new Map() });
  const [current, setCurrent] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const rows = rowsOf(value, { open, limits });
  const at = Math.max(0, rows.findIndex((row) => row.path === current));

  const setOpen = (path: string, on: boolean) => choose({ limits, open: new Map(open).set(path, on) });
  const setLimit = (path: string, limit: number) => choose({ open, limits: new Map(limits).set(path, limit) });
  const activate = (row: Row) => {
    if (row.kind === "branch") setOpen(row.path, !row.open);
    else if (row.kind === "more") setLimit(row.parent, row.next);
    else growText(row);
  };
  const growText = (row: Row & { kind: "leaf" }) => {
    if (typeof row.value === "string") setLimit(row.path, (limits.get(row.path) ?? TEXT_STEP) * 8);
  };
  const focus = (index: number) => {
    const row = rows[Math.min(rows.length - 1, Math.max(0, index))];
    if (!row) return;
    setCurrent(row.path);
    box.current?.querySelectorAll<HTMLElement>("[role=treeitem]")[rows.indexOf(row)]?.focus();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[at];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const opened = row.kind === "branch" && row.open;
    const moves: Record<string, (() => void) | undefined> = {
      ArrowDown: () => focus(at + 1),
      ArrowUp: () => focus(at - 1),
      Home: () => focus(0),
      End: () => focus(rows.length - 1),
      ArrowRight: () => (row.kind === "branch" && !row.open ? setOpen(row.path, true) : opened && focus(at + 1)),
      ArrowLeft: () =>
        opened ? setOpen(row.path, false) : row.parent && focus(rows.findIndex((up) => up.path === row.parent)),
      Enter: () => activate(row),
      " ": () => activate(row),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  };

  return (
    <div class="tw-tree" role="tree" aria-label={label} ref={box} onKeyDown={onKeyDown}>
      {rows.map((row, index) => (
        <div
          key={row.path}
          class={`tw-row tw-row-${row.kind}`}
          role="treeitem"
          aria-level={row.level}
          aria-expanded={row.kind === "branch" ? row.open : undefined}
          tabIndex={index === at ? 0 : -1}
          style={{ "--tw-level": row.level - 1 }}
          onFocus={() => setCurrent(row.path)}
          onClick={() => row.kind !== "leaf" && activate(row)}
        >
          {row.kind === "more" ? (
            <span class="tw-more">… {count(row.rest)} more</span>
          ) : (
            <>
              <span class="tw-twist">{row.kind === "branch" && <Icon name="chevron" />}</span>
              <span class="tw-k">{row.name}</span>
              <span class="tw-p">: </span>
              {row.kind === "branch" ? (
                <Branch row={row} />
              ) : isBranch(row.value) ? (
                <Preview value={row.value} />
              ) : (
                <Leaf value={row.value} limit={limits.get(row.path) ?? TEXT_STEP} onMore={() => growText(row)} />
              )}
            </>
          )}
        </div>
      ))}
    </div>
  );
}

function Branch({ row }: { row: Row & { kind: "branch" } }) {
  if (!row.open) return <Preview value={row.value} />;
  const isList = Array.isArray(row.value);
  const length = Array.isArray(row.value) ? row.value.length : Object.keys(row.value).length;
  const noun = isList ? "item" : "field";
  return (
    <span class="tw-size">
      {count(length)} {noun}
      {length === 1 ? "" : "s"}
    </span>
  );
}
