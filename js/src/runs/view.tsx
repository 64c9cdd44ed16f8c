import { BUILT_IN, titleOf } from "./columns.js";
import type { Filter } from "./rows.js";

interface Props {
  tasks: readonly string[];
  filter: Filter;
  onFilter: (filter: Filter) => void;
  /** the columns that are shown */
  shown: readonly string[];
  /** the fields that can be columns */
  fields: readonly string[];
  /** whether the columns are somebody's choice */
  own: boolean;
  /** null leaves the choice to us */
  onColumns: (columns: readonly string[] | null) => void;
}

const SPANS: [words: string, minutes: number][] = [["any time", 0], ["last 5 minutes", 5], ["last hour", 60], ["last 6 hours", 360], ["last 24 hours", 1440]];
const BETWEEN = "between";
const GROUPS: [title: string, source: string][] = [["Output", "output"], ["Metadata", "metadata"], ["Payload", "payload"]];

/** Which runs and which columns: what is chosen seldom. */
export function View({ tasks, filter, onFilter, shown, fields, own, onColumns }: Props) {
  const groups: [string, readonly string[]][] = [
    ["Run", [...Object.keys(BUILT_IN), ...fields.filter((name) => !GROUPS.some(([, source]) => name.split(".")[0] === source))]],
    ...GROUPS.map(([title, source]): [string, readonly string[]] => [title, fields.filter((name) => name.split(".")[0] === source)]),
  ];
  const toggle = (name: string) => onColumns(shown.includes(name) ? shown.filter((each) => each !== name) : [...shown, name]);
  return (
    <div class="tw-view" role="group" aria-label="What is shown">
      <div class="tw-view-line">
        <span class="tw-view-title">Show</span>
        {tasks.length > 1 && (
          <select class="tw-words" aria-label="Runs of which task" value={filter.task} onChange={({ currentTarget }) => onFilter({ ...filter, task: currentTarget.value })}>
            <option value="">every task</option>
            {tasks.map((task) => (
              <option key={task} value={task}>
                {task}
              </option>
            ))}
          </select>
        )}
        <select
          class="tw-words"
          aria-label="Created when"
          value={filter.minutes ?? BETWEEN}
          onChange={({ currentTarget: { value } }) => onFilter({ ...filter, minutes: value === BETWEEN ? null : Number(value) })}
        >
          {SPANS.map(([words, minutes]) => (
            <option key={words} value={minutes}>
              created {words}
            </option>
          ))}
          <option value={BETWEEN}>created between…</option>
        </select>
        {filter.minutes === null && (
          <>
            <Moment label="Created since" value={filter.since} onChange={(at) => onFilter({ ...filter, since: at })} />
            <Moment label="Created until" value={filter.until} onChange={(at) => onFilter({ ...filter, until: at })} />
          </>
        )}
      </div>
      {groups.map(
        ([title, names]) =>
          names.length > 0 && (
            <div class="tw-view-line" role="group" aria-label={`Columns: ${title}`} key={title}>
              <span class="tw-view-title">{title}</span>
              {names.map((name) => (
                <button type="button" key={name} class="tw-chip" aria-pressed={shown.includes(name)} title={name} onClick={() => toggle(name)}>
                  <span class="tw-clip">{titleOf(name)}</span>
                </button>
              ))}
              {title === "Run" && own && (
                <button type="button" class="tw-link" onClick={() => onColumns(null)}>
                  Reset columns
                </button>
              )}
            </div>
          ),
      )}
    </div>
  );
}

/** A moment as the browser's own field has it: local time, to the second. */
function Moment({ label, value, onChange }: { label: string; value: number | null; onChange: (at: number | null) => void }) {
  const at = value === null ? null : new Date(value - new Date(value).getTimezoneOffset() * 60_000);
  return (
    <input
      class="tw-words"
      type="datetime-local"
      step={1}
      aria-label={label}
      value={at?.toISOString().slice(0, 19) ?? ""}
      onChange={({ currentTarget }) => onChange(currentTarget.value ? new Date(currentTarget.value).getTime() : null)}
    />
  );
}
