import { duration } from "../format.js";
import type { Store } from "../transport.js";
import { calm, seconds, tenths } from "./ticker.js";

interface Props {
  store: Store<object>;
  /** epoch ms of the kernel's clock */
  from: number;
  /** where it stopped; null while it runs */
  until: number | null;
}

/** The browser's clock read as the kernel's; without a kernel it stands where it was last known. */
export function kernelNow(store: Store<object>, fine: boolean): number {
  if (store.offline.value) return store.asOf.value ?? Date.now();
  return (fine && !calm() ? tenths : seconds).value - store.skew.value;
}

/** A clock that counts up: tenths for the first minute, then seconds. */
export function Elapsed({ store, from, until }: Props) {
  const end = until ?? kernelNow(store, Date.now() - store.skew.peek() - from < 60_000);
  return <span class="tw-num">{duration(end - from)}</span>;
}
