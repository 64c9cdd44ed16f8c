import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { count } from "../format.js";
import type { Signal } from "../signals.js";
import type { Store } from "../transport.js";
import { Copy } from "../ui/copy.js";
import { Elapsed } from "../ui/elapsed.js";
import { asText } from "../ui/json.js";
import { seconds } from "../ui/ticker.js";
import type { StreamLook } from "./look.js";
import { Pace } from "./pace.js";
import type { StreamState } from "./state.js";

interface Props {
  store: Store<StreamState>;
  look: StreamLook;
  words: Signal<number>;
  tall: boolean;
  onTall: () => void;
  box: { current: HTMLElement | null };
}

/** How much, how fast, how long; and what can be done with it. */
export function Foot({ store, look, words, tall, onTall, box }: Props) {
  const json = store.field("mode").value === "json";
  return (
    <footer class="tw-foot">
      <div class="tw-now">
        {json ? <PartCount store={store} /> : <WordCount words={words} />}
        <Span store={store} look={look} />
        {look.phase === "live" && <Rate store={store} />}
      </div>
      <div class="tw-tools">
        {!json && !store.offline.value && <Field store={store} />}
        <Stretch tall={tall} onTall={onTall} box={box} words={words} parts={store.field("parts").value} />
        <Copy label={json ? "Copy all parts" : "Copy all text"} text={() => everything(store)}>
          Copy
        </Copy>
      </div>
    </footer>
  );
}

/** Which field of parts that are objects is shown as text. */
function Field({ store }: { store: Store<StreamState> }) {
  const fields = store.field("fields").value;
  const field = store.field("field").value ?? "";
  if (!Array.isArray(fields) || fields.length === 0) return null;
  return (
    <select class="tw-copy" aria-label="Field shown as text" value={field} onChange={({ currentTarget: { value } }) => void store.latest("field", { field: value || null })}>
      <option value="">whole parts</option>
      {[...new Set(field ? [field, ...fields] : fields)].map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  );
}

function everything(store: Store<StreamState>): string {
  return store.field("mode").peek() === "json" ? asText(store.field("items").peek() ?? []) : (store.field("text").peek() ?? "");
}

function WordCount({ words }: { words: Signal<number> }) {
  return (
    <span class="tw-num">
      <b>{count(words.value)}</b> {words.value === 1 ? "word" : "words"}
    </span>
  );
}

function PartCount({ store }: { store: Store<StreamState> }) {
  const parts = store.field("parts").value ?? 0;
  return (
    <span class="tw-num">
      <b>{count(parts)}</b> {parts === 1 ? "part" : "parts"}
    </span>
  );
}

/** Changes once a second, so that it can be read. */
function Rate({ store }: { store: Store<StreamState> }) {
  const pace = useRef(new Pace());
  const shown = useRef({ second: 0, rate: 0 });
  pace.current.note(Date.now(), store.field("parts").value ?? 0);
  const second = seconds.value;
  if (second !== shown.current.second) shown.current = { second, rate: pace.current.rate(Date.now()) };
  const { rate } = shown.current;
  return (
    <span class="tw-num">
      {rate > 0 && (
        <>
          <b>{count(rate >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10)}</b> parts/s
        </>
      )}
    </span>
  );
}

function Span({ store, look }: { store: Store<StreamState>; look: StreamLook }) {
  const first = store.field("first_at").value;
  const last = store.field("last_at").value;
  if (typeof first !== "number") return null;
  const until = look.phase === "live" ? null : (last ?? null);
  if (look.phase !== "live" && until === null) return null;
  return (
    <span class="tw-num tw-time">
      {look.phase !== "live" && "in "}
      <b>
        <Elapsed store={store} from={first} until={until} stale={store.offline.value} />
      </b>
    </span>
  );
}

interface StretchProps {
  tall: boolean;
  onTall: () => void;
  box: { current: HTMLElement | null };
  words: Signal<number>;
  parts: number | null | undefined;
}

/** Shows all of a text at once, when there is more than the box shows. */
function Stretch({ tall, onTall, box, words, parts }: StretchProps) {
  const [needed, need] = useState(false);
  const amount = `${words.value} ${parts}`;
  useLayoutEffect(() => {
    // Once there is more than fits, that stays so: no layout is asked for again.
    if (!needed && box.current && box.current.scrollHeight > box.current.clientHeight + 1) need(true);
  }, [amount]);
  if (!needed) return null;
  return (
    <button type="button" class="tw-copy" aria-expanded={tall} onClick={onTall}>
      {tall ? "Collapse" : "Expand"}
    </button>
  );
}
