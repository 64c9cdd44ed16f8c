import { useEffect, useState } from "preact/hooks";
import { clock } from "../format.js";
import type { Store } from "../transport.js";

interface Connection {
  state: string;
  reason?: string | null;
}

interface Props {
  store: Store<object>;
  connection: Connection | null | undefined;
  onReconnect: () => void;
}

const WORDS: Record<string, [words: string, tone: string, button: string]> = {
  retrying: ["Reconnecting", "wait", "Retry now"],
  failed: ["Connection lost", "bad", "Reconnect"],
  closed: ["Not following this run", "off", "Follow again"],
};

/** A cut shorter than this is nobody's business. */
const PATIENCE_MS = 800;

/** How we stand with the kernel and the server; nothing at all while all is well. */
export function ConnectionNotice({ store, connection, onReconnect }: Props) {
  const offline = store.offline.value;
  const state = connection?.state;
  const troubled = !offline && Object.hasOwn(WORDS, state ?? "");
  const shown = useLasting(troubled);
  if (offline) {
    const asOf = store.asOf.value;
    return (
      <p class="tw-connection" role="note">
        <i class="tw-dot tw-off" />
        <span>
          The kernel does not answer: it is busy or gone.
          {asOf !== null && <> Last known state, {clock(asOf, Date.now(), false)}.</>}
        </span>
      </p>
    );
  }
  if (!shown) return null;
  const [words, tone, button] = WORDS[state ?? ""] ?? ["", "", ""];
  return (
    <p class="tw-connection" role="note">
      <i class={`tw-dot tw-${tone}`} />
      <span>
        {words}
        {connection?.reason ? `: ${connection.reason}` : "."}
      </span>
      <button type="button" class="tw-link" onClick={onReconnect}>
        {button}
      </button>
    </p>
  );
}

function useLasting(on: boolean): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!on) return setLasting(false);
    const timer = setTimeout(() => setLasting(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [on]);
  return on && lasting;
}
