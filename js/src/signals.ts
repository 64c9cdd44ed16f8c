/**
 * Values that redraw the components which read them, and nothing else.
 *
 * A component reads a signal by `.value` while it is drawn, and is drawn again when that changes.
 * One that reads signals is not drawn again because its parent is, if its props are the same.
 */
import { Component, type VNode, options } from "preact";
import { useMemo } from "preact/hooks";

/** Who reads: a component, or a value that is computed from others. */
interface Reader {
  reads: Set<Signal<unknown>>;
  dirty: boolean;
  tell(): void;
}

export interface Watching {
  /** the first reader has come */
  watched?: () => void;
  /** the last one has gone */
  unwatched?: () => void;
}

let reading: Reader | undefined;
let before = new Set<Signal<unknown>>();

export class Signal<T> {
  readonly #readers = new Set<Reader>();
  readonly #watching: Watching;
  #value: T;

  constructor(value: T, watching: Watching = {}) {
    this.#value = value;
    this.#watching = watching;
  }

  /** Look at it without reading it. */
  peek(): T {
    return this.#value;
  }

  get value(): T {
    if (reading && !reading.reads.has(this as Signal<unknown>)) {
      // Before there is a reader, so that what this sets tells nobody.
      if (this.#readers.size === 0) this.#watching.watched?.();
      reading.reads.add(this as Signal<unknown>);
      this.#readers.add(reading);
    }
    return this.peek();
  }

  set value(next: T) {
    if (Object.is(this.#value, next)) return;
    this.#value = next;
    for (const reader of [...this.#readers]) reader.tell();
  }

  /** Whether anybody hears of another value. */
  get read(): boolean {
    return this.#readers.size > 0;
  }

  leave(reader: Reader): void {
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.#watching.unwatched?.();
  }
}

export type ReadonlySignal<T> = Pick<Signal<T>, "peek"> & { readonly value: T };

export const signal = <T>(value: T, watching?: Watching): Signal<T> => new Signal(value, watching);

/** A value made of others: whoever reads it hears only when it really is another one. */
export function computed<T>(make: () => T): ReadonlySignal<T> {
  const look = () => {
    const outer = [reading, before] as const;
    begin(self);
    try {
      return make();
    } finally {
      finish();
      [reading, before] = outer;
    }
  };
  const self: Reader = { reads: new Set(), dirty: false, tell: () => void (result.value = look()) };
  const result: Signal<T> = signal(undefined as T, {
    watched: () => void (result.value = look()),
    unwatched: () => leaveAll(self),
  });
  return { peek: make, get value() { return reading ? result.value : make(); } };
}

export const useSignal = <T>(value: T): Signal<T> => useMemo(() => signal(value), []);
export const useComputed = <T>(make: () => T): ReadonlySignal<T> => useMemo(() => computed(make), []);

function begin(reader: Reader): void {
  reading = reader;
  before = reader.reads;
  reader.reads = new Set();
  reader.dirty = false;
}

/** What was not read this time is read no more. */
function finish(): void {
  const done = reading;
  reading = undefined;
  if (done) for (const each of before) if (!done.reads.has(each)) each.leave(done);
}

function leaveAll(reader: Reader): void {
  for (const each of reader.reads) each.leave(reader);
  reader.reads.clear();
}

const readers = new WeakMap<object, Reader>();
type Drawn = VNode & { __c?: Component };

/** Preact's own hooks around drawing, by the names they have in its builds. */
function hook(name: "__b" | "__r" | "__e" | "diffed" | "unmount", work: (node: Drawn) => void): void {
  const hooks = options as unknown as Record<string, ((...args: unknown[]) => void) | undefined>;
  const next = hooks[name];
  hooks[name] = (...args) => {
    work(args[0] as Drawn);
    next?.(...args);
  };
}

// A component has been drawn when the next one begins, or it is done, or it has failed.
hook("__b", finish);
hook("diffed", finish);
hook("__e", finish);
hook("__r", ({ __c: component }) => {
  finish();
  if (!component) return;
  let reader = readers.get(component);
  if (!reader) {
    const own: Reader = { reads: new Set(), dirty: false, tell: () => ((own.dirty = true), component.setState({})) };
    readers.set(component, (reader = own));
  }
  begin(reader);
});
hook("unmount", ({ __c: component }) => {
  const reader = component && readers.get(component);
  if (reader) leaveAll(reader);
});

Component.prototype.shouldComponentUpdate = function (props: object): boolean {
  const reader = readers.get(this);
  if (!reader || reader.dirty || reader.reads.size === 0) return true;
  const [a, b] = [this.props, props] as Record<string, unknown>[] as [Record<string, unknown>, Record<string, unknown>];
  return Object.keys({ ...a, ...b }).some((key) => a[key] !== b[key]);
};
