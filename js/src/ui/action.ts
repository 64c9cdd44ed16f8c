import { useEffect, useRef, useState } from "preact/hooks";
import type { Store } from "../transport.js";

export interface Action {
  /** asked and not yet answered */
  pending: boolean;
  /** not answered for so long that the kernel must be busy */
  slow: boolean;
  /** why it was refused */
  error: string | null;
  run: () => Promise<void>;
}

const SLOW_MS = 3000;

/** One thing a person can ask the kernel for, and what became of it. */
export function useAction(store: Store<object>, name: string): Action {
  const [pending, setPending] = useState(false);
  const [slow, setSlow] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const alive = useRef(true);
  useEffect(() => () => void (alive.current = false), []);
  useEffect(() => {
    setSlow(false);
    if (!pending) return;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, [pending]);
  const run = async () => {
    if (pending) return;
    setPending(true);
    setError(null);
    const reply = await store.act(name);
    if (!alive.current) return;
    setPending(false);
    setError(reply.ok ? null : (reply.error ?? "the kernel gave no reason."));
  };
  return { pending, slow, error, run };
}
