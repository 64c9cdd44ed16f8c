import { useState } from "preact/hooks";
import { count, duration } from "../format.js";
import type { Store } from "../transport.js";
import { Copy } from "../ui/copy.js";
import { Icon } from "../ui/icon.js";
import { useUniqueId } from "../ui/ids.js";
import { asText, isBranch, size } from "../ui/json.js";
import { Text } from "../ui/text.js";
import { Tree } from "../ui/tree.js";
import { Preview } from "../ui/value.js";
import { Log, logText } from "./log.js";
import type { Line, RunState } from "./state.js";
import { at, isNumber } from "./stats.js";
import type { StatusLook } from "./status.js";

type Panel = "payload" | "log" | "details";

/** What is looked at now and then: one line of titles, of which each opens what it names. */
export function More({ store, look }: { store: Store<RunState>; look: StatusLook }) {
  const [open, turn] = useState<Panel | null>(null);
  const id = useUniqueId();
  const payload = store.field("payload").value;
  const lines = store.field("log").value;
  const log: readonly Line[] = Array.isArray(lines) ? lines : [];
  if (!store.field("status").value) return null;
  const panels: [Panel, string, boolean][] = [
    ["payload", "Payload", store.field("has_payload").value === true],
    ["log", "Log", log.length > 0],
    ["details", "Details", true],
  ];
  const last = open === null && look.phase !== "after" ? String(log.at(-1)?.[2] ?? "").split("\n").at(-1) : "";
  return (
    <div class="tw-section tw-more-about" data-section="more">
      <div class="tw-section-head">
        {panels.map(
          ([name, title, known]) =>
            known && (
              <button key={name} type="button" class="tw-fold tw-tab" data-section={name} aria-expanded={open === name} aria-controls={id} onClick={() => turn(open === name ? null : name)}>
                <Icon name="chevron" />
                <span class="tw-section-title">{title}</span>
                {name === "log" && <span class="tw-dim tw-num">{count(log.length)}</span>}
              </button>
            ),
        )}
        <span class="tw-preview" aria-hidden="true">
          {last}
        </span>
        {open === "payload" && <Copy label="Copy payload" text={() => asText(payload)} />}
        {open === "log" && <Copy label={`Copy ${count(log.length)} lines of log`} text={() => logText(log)} />}
      </div>
      <div id={id} class="tw-section-body" hidden={open === null}>
        {open === "payload" && <Payload value={payload ?? null} />}
        {open === "log" && <Log lines={log} />}
        {open === "details" && <Details store={store} />}
      </div>
    </div>
  );
}

function Payload({ value }: { value: unknown }) {
  if (isBranch(value) && size(value) > 0) return <Tree value={value} label="Payload" />;
  return typeof value === "string" && value !== "" ? <Text text={value} /> : <Preview value={value} />;
}

/** Everything else that is known, by name. */
function Details({ store }: { store: Store<RunState> }) {
  const get = <K extends keyof RunState>(key: K) => store.field(key).value;
  const [created, started, finished] = [get("created_at"), get("started_at"), get("finished_at")];
  const queued = get("queued_at") ?? created;
  const attempt = get("attempt");
  const most = get("max_attempts");
  const span = (from: unknown, to: unknown) => isNumber(from) && isNumber(to) && to >= from && duration(to - from);
  const moment = (ms: unknown) => isNumber(ms) && at("", ms);
  const word = (text: unknown) => typeof text === "string" && text;
  const id = (text: unknown, what: string) =>
    typeof text === "string" && (
      <Copy class="tw-id" label={`${text}, copy ${what}`} title={`Copy ${what}`} text={() => text}>
        {text}
      </Copy>
    );
  const rows = {
    Run: id(get("run_id"), "run id"),
    Attempt: isNumber(attempt) && attempt > 0 && `${attempt}${isNumber(most) && most >= attempt ? ` of ${most}` : ""}`,
    Triggered: moment(created),
    "In the queue": span(queued, started),
    Started: moment(started),
    Finished: moment(finished),
    Ran: span(started, finished),
    "Time to live": word(get("ttl")),
    "Idempotency key": id(get("idempotency_key"), "idempotency key"),
    "Parent run": id(get("parent_id"), "id of the parent"),
    Batch: id(get("batch_id"), "id of the batch"),
    Version: word(get("version")),
    Test: get("is_test") === true && "yes",
  };
  return (
    <dl class="tw-details">
      {Object.entries(rows).map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
