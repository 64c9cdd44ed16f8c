import { useMemo, useRef, useState } from "preact/hooks";
import { isFields } from "../sync.js";
import type { Store } from "../transport.js";
import type { InputState, Sent } from "./state.js";

export interface Message extends Sent {
  id: string;
}

export interface Outgoing {
  /** what the kernel knows of, and after it what is on its way there */
  messages: Message[];
  /** nothing of ours is on its way */
  idle: boolean;
  send: (data: unknown) => Promise<boolean>;
  /** Send again what has failed. */
  retry: (message: Message) => void;
}

let made = 0;

/**
 * What was sent, by anybody, and what is being sent here. A message is shown from the moment it is
 * written; they leave one after the other, so that they arrive in the order in which they were
 * written however busy the kernel is.
 */
export function useOutgoing(store: Store<InputState>): Outgoing {
  const [ours, setOurs] = useState<Message[]>([]);
  const turn = useRef<Promise<unknown>>(Promise.resolve());
  const sent = store.field("sent").value;
  const theirs = useMemo(() => Object.entries(isFields(sent) ? sent : {}).flatMap(([id, each]) => (isFields(each) && typeof each.at === "number" ? [{ ...each, id }] : [])), [sent]);
  const known = new Set(theirs.map((each) => each.key));

  const put = (message: Message): Promise<boolean> => {
    const is = (each: Message) => each.id === message.id;
    setOurs((before) => [...before.filter((each) => !is(each)), message]);
    const done = turn.current.then(async () => {
      const reply = await store.act("send", { data: message.data, key: message.id });
      const failed = { ...message, state: "failed" as const, reason: reply.error ?? "The kernel gave no reason." };
      // What failed after the kernel took it up is in the kernel's list.
      setOurs((before) => (reply.ok ? before.filter((each) => !is(each)) : before.map((each) => (is(each) ? failed : each))));
      return reply.ok;
    });
    turn.current = done;
    return done;
  };
  return {
    messages: [...theirs, ...ours.filter((each) => !known.has(each.id))],
    idle: !ours.some((each) => each.state === "sending"),
    send: (data) => put({ id: `v${Date.now().toString(36)}-${made++}`, data, at: Date.now() - store.skew.peek(), state: "sending" }),
    retry(message) {
      if (ours.some((each) => each.id === message.id)) void put({ ...message, state: "sending", reason: null });
      else void store.act("retry", { id: message.id });
    },
  };
}
