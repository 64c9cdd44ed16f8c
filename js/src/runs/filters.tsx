import { useRef } from "preact/hooks";
import { count } from "../format.js";
import { lookOf } from "../run/status.js";
import { Icon } from "../ui/icon.js";
import { type Filter, place } from "./rows.js";

interface Props {
  counts: ReadonlyMap<string, number>;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  /** to go from the words to the rows */
  onDown: () => void;
  /** whether the panel with more is open */
  open: boolean;
  onMore: () => void;
}

/** Which rows are shown: by status, by words. */
export function Filters({ counts, filter, onFilter, onDown, open, onMore }: Props) {
  const { statuses, words } = filter;
  const all = [...counts.values()].reduce((a, b) => a + b, 0);
  const digits = count(all).length;
  // A chip that was there stays, so that none moves under the pointer.
  const seen = useRef(new Set<string>());
  for (const status of [...counts.keys(), ...statuses]) seen.current.add(status);
  const chips = [...seen.current].sort((a, b) => place(a) - place(b));
  const choose = (status: string, more: boolean) => {
    const next = new Set(more ? statuses : []);
    if (statuses.has(status) && (more || statuses.size === 1)) next.delete(status);
    else next.add(status);
    onFilter({ ...filter, statuses: next });
  };
  return (
    <div class="tw-filters">
      <div class="tw-chips" role="group" aria-label="Show runs by status">
        <Chip label="All" n={all} digits={digits} on={statuses.size === 0} onClick={() => onFilter({ ...filter, statuses: new Set() })} />
        {chips.map((status) => (
          <Chip
            key={status}
            status={status}
            label={lookOf({ status }).word}
            n={counts.get(status) ?? 0}
            digits={digits}
            on={statuses.has(status)}
            onClick={(event) => choose(status, event.shiftKey || event.ctrlKey || event.metaKey)}
          />
        ))}
      </div>
      <span class="tw-search">
        <Icon name="search" />
        <input
          type="text"
          class="tw-words"
          placeholder="Filter"
          aria-label="Show runs with these words"
          spellcheck={false}
          autocomplete="off"
          value={words}
          onInput={({ currentTarget }) => onFilter({ ...filter, words: currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key === "Escape" && words) onFilter({ ...filter, words: "" });
            else if (event.key === "ArrowDown" || event.key === "Enter") onDown();
            else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        {words && (
          <button type="button" class="tw-copy tw-clear" aria-label="Clear the filter" onClick={() => onFilter({ ...filter, words: "" })}>
            <Icon name="close" />
          </button>
        )}
      </span>
      <button type="button" class="tw-btn" aria-expanded={open} data-on={filter.task !== "" || filter.minutes !== 0 || undefined} onClick={onMore}>
        View
      </button>
    </div>
  );
}

interface ChipProps {
  label: string;
  status?: string;
  n: number;
  digits: number;
  on: boolean;
  onClick: (event: MouseEvent) => void;
}

function Chip({ label, status, n, digits, on, onClick }: ChipProps) {
  const look = status === undefined ? null : lookOf({ status });
  return (
    <button
      type="button"
      class={`tw-chip tw-${look?.tone ?? "all"}`}
      aria-pressed={on}
      data-status={status}
      data-none={n === 0 || undefined}
      aria-label={`${label} ${count(n)}`}
      title={status && `${label}: Ctrl+click for more than one`}
      onClick={onClick}
    >
      {look && <Icon name={look.icon} />}
      <span class="tw-chip-word">{label}</span>{" "}
      <span class="tw-num" style={{ minWidth: `${digits}ch` }}>
        {count(n)}
      </span>
    </button>
  );
}
