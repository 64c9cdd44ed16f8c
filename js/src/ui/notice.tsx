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

/** A cut shorter than this is nobody's business. */
const PATIENCE_MS = 800;

/** How we stand with the kernel and the server; nothing at all while all is well. */
export function ConnectionNotice({ store, connection, onReconnect }: Props) {
  const offline = store.offline.value;
  const state = connection?.state;
  const troubled = !offline && (state === "retrying" || state === "failed");
  const shown = useLasting(troubled);
  if (offline) {
    const asOf = store.asOf.value;
    return (
      <p class="tw-connection" role="note">
        <i class="tw-dot tw-off" />
        <span>
          Not connected to a kernel. Last known state
          {asOf !== null && <>, saved {clock(asOf, Date.now(), false)}</>}.
        </span>
      </p>
    );
  }
  if (!shown) return null;
  const words = state === "failed" ? "Connection lost" : "Reconnecting";
  return (
    <p class="tw-connection" role="note">
      <i class={state === "failed" ? "tw-dot tw-bad" : "tw-dot tw-wait"} />
      <span>
        {words}
        {connection?.reason ? `: ${connection.reason}` : state === "retrying" ? "…" : "."}
      </span>
      <button type="button" class="tw-link" onClick={onReconnect}>
        {state === "failed" ? "Reconnect" : "Retry now"}
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
