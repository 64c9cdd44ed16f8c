import { useEffect, useRef, useState } from "preact/hooks";
import type { Fields } from "../sync.js";
import type { Store } from "../transport.js";

export interface Action {
  /** asked and not yet answered */
  pending: boolean;
  /** not answered for so long that the kernel must be busy */
  slow: boolean;
  /** why it was refused */
  error: string | null;
  /** with what it was asked last */
  args: Fields | null;
  /** Gives whether it was done. */
  run: (args?: Fields) => Promise<boolean>;
}

const SLOW_MS = 3000;

/** One thing a person can ask the kernel for, and what became of it. */
export function useAction(store: Store<object>, name: string): Action {
  const [pending, setPending] = useState(false);
  const [slow, setSlow] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [asked, setAsked] = useState<Fields | null>(null);
  const alive = useRef(true);
  const busy = useRef(false);
  useEffect(() => () => void (alive.current = false), []);
  useEffect(() => {
    setSlow(false);
    if (!pending) return;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, [pending]);
  const run = async (args?: Fields) => {
    // Two clicks may come before the first is drawn.
    if (busy.current) return false;
    busy.current = true;
    setPending(true);
    setError(null);
    setAsked(args ?? null);
    const reply = await store.act(name, args);
    busy.current = false;
    if (!alive.current) return reply.ok;
    setPending(false);
    setError(reply.ok ? null : (reply.error ?? "the kernel gave no reason."));
    return reply.ok;
  };
  return { pending, slow, error, args: asked, run };
}
