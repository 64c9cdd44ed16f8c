import { duration, running } from "../format.js";
import type { Store } from "../transport.js";
import { calm, seconds, tenths } from "./ticker.js";

interface Props {
  store: Store<object>;
  /** epoch ms of the kernel's clock */
  from: number;
  /** where it stopped; null while it runs */
  until: number | null;
  /** what is shown may no longer be so; by itself, when there is no kernel */
  stale?: boolean;
}

/** The browser's clock read as the kernel's; when all is stale it stands where it was last known. */
export function kernelNow(store: Store<object>, { stale = false, fine = false }): number {
  if (stale) return store.asOf.value ?? Date.now();
  return (fine && !calm() ? tenths : seconds).value - store.skew.value;
}

/** A clock that counts up: tenths for the first minute, then seconds. */
export function Elapsed({ store, from, until, stale = store.offline.value }: Props) {
  const fine = Date.now() - store.skew.peek() - from < 60_000;
  const end = until ?? kernelNow(store, { stale, fine });
  return <span class="tw-num">{(until === null ? running : duration)(end - from)}</span>;
}
