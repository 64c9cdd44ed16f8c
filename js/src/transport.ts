/**
 * The seam to the kernel: the only file that knows the anywidget model and its messages.
 *
 * One `Store` a model, shared by all views of it. What a view reads are signals, one a field, so a
 * patch redraws only what shows the changed field.
 */
import { type ReadonlySignal, type Signal, signal } from "./signals.js";
import { type Fields, type Sync, type Update, appended, asUpdate, behind, isFields, merge, receive, start } from "./sync.js";

/** The part of an anywidget model that we use. */
export interface Model {
  get(key: string): unknown;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
  send(content: unknown): void;
  /** where other models are, when the page has them */
  widget_manager?: { get_model(id: string): Promise<Model> };
}

export interface Reply {
  ok: boolean;
  error?: string;
}

export type Follower = (value: unknown, whole: boolean) => void;

/** Pauses between hellos while none is answered, in ms. A busy kernel gets few, not a pile. */
const RETRY_MS = [500, 500, 1000, 2000, 4000, 10_000];
const OFFLINE_MS = 4000;
const SLOW_MS = 3000;
/** A view that hears nothing new asks by itself after this pause, then after twice as long, and so on. */
const QUIET_MS = 15_000;

export class Store<S extends object> {
  readonly #model: Model;
  readonly #fields = new Map<string, Signal<unknown>>();
  readonly #followers = new Map<string, Set<Follower>>();
  /** objects that merges made here: nobody else has them, unless a view reads their field */
  readonly #own = new WeakSet<object>();
  readonly #pending = new Map<string, { message: Fields; sentAt: number; resolve: (reply: Reply) => void }>();
  readonly #offline = signal(false);
  readonly #asOf = signal<number | null>(null);
  readonly #skew = signal(0);
  #sync: Sync = start;
  #views = 0;
  #attempt = 0;
  #retry: Timer;
  #giveUp: Timer;
  #quiet: Timer;
  #pause = QUIET_MS;

  constructor(model: Model) {
    this.#model = model;
    this.#readSaved();
  }

  /** Whether the kernel does not answer; what is shown is then the last known state. */
  get offline(): ReadonlySignal<boolean> {
    return this.#offline;
  }

  /** When the state shown was true, in epoch ms of the kernel's clock; null if unknown. */
  get asOf(): ReadonlySignal<number | null> {
    return this.#asOf;
  }

  /** The browser's clock minus the kernel's, in ms. */
  get skew(): ReadonlySignal<number> {
    return this.#skew;
  }

  /** One field of the state, as a signal; undefined while unknown. */
  field<K extends keyof S & string>(key: K): ReadonlySignal<S[K] | undefined> {
    return this.#field(key) as ReadonlySignal<S[K] | undefined>;
  }

  /**
   * Hear of a field that grows without looking at all of it: `whole` when it begins anew (at once,
   * too), else only what was appended or merged. Gives the function that ends it.
   */
  follow(key: keyof S & string, hear: Follower): () => void {
    const followers = this.#followers.get(key) ?? new Set<Follower>();
    this.#followers.set(key, followers.add(hear));
    hear(this.#field(key).peek(), true);
    return () => void followers.delete(hear);
  }

  /**
   * Ask the kernel to do something. Resolves when it says what became of it, however long a busy
   * kernel takes; the message may be sent again, under the same id, when the answer seems lost.
   */
  act(name: string, args: Fields = {}): Promise<Reply> {
    const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    const message = { kind: "action", id, name, args };
    return new Promise((resolve) => {
      this.#pending.set(id, { message, sentAt: Date.now(), resolve });
      this.#send(message);
      this.#listen();
    });
  }

  /** As `act`, where only the last counts: those of this name that have no answer are not sent again. */
  latest(name: string, args: Fields): Promise<Reply> {
    for (const [id, { message }] of this.#pending) if (message["name"] === name) this.#settle(id, { ok: true });
    return this.act(name, args);
  }

  /** Take part as a view; gives the function that ends it. */
  attach(): () => void {
    if (this.#views++ === 0) {
      this.#model.on("msg:custom", this.#onMessage);
      this.#model.on("change:_snapshot", this.#onSaved);
      this.#model.on("comm_live_update", this.#onDoubt);
      this.#ask();
    }
    let attached = true;
    return () => {
      if (!attached) return;
      attached = false;
      if (--this.#views === 0) this.#detach();
    };
  }

  #detach(): void {
    this.#model.off("msg:custom", this.#onMessage);
    this.#model.off("change:_snapshot", this.#onSaved);
    this.#model.off("comm_live_update", this.#onDoubt);
    clearTimeout(this.#retry);
    clearTimeout(this.#giveUp);
    clearTimeout(this.#quiet);
    this.#retry = this.#giveUp = this.#quiet = undefined;
    this.#attempt = 0;
  }

  readonly #onMessage = (message: unknown): void => {
    const update = asUpdate(message);
    const reply = update ? null : asReply(message);
    if (!update && !reply) return;
    this.#heard();
    if (reply) this.#settle(reply.id, reply);
    if (update) this.#take(update);
    if (update?.kind === "snapshot" || update?.kind === "beat") this.#resend();
  };

  readonly #onSaved = (): void => {
    this.#readSaved();
    if (behind(this.#sync)) this.#ask();
  };

  /** The host says that its connection came or went: find out. */
  readonly #onDoubt = (): void => {
    this.#attempt = 0;
    clearTimeout(this.#retry);
    this.#hello();
  };

  #readSaved(): void {
    const saved = this.#model.get("_snapshot");
    if (!isFields(saved) || typeof saved["seq"] !== "number" || !isFields(saved["state"])) return;
    const known = this.#sync.have;
    this.#take({ kind: "saved", seq: saved["seq"], state: saved["state"] });
    if (known === null && typeof saved["saved_at"] === "number") this.#asOf.value = saved["saved_at"];
  }

  #take(update: Update): void {
    const [next, applies] = receive(this.#sync, update);
    this.#sync = next;
    if (applies) {
      this.#apply(update);
      this.#tell(update);
      this.#pause = QUIET_MS;
      // What was asked may have been lost all the same: its time runs on.
      if (this.#pending.size === 0 || this.#quiet === undefined) this.#listen();
    }
    if (this.#views > 0 && behind(next)) this.#ask();
  }

  #apply(update: Update): void {
    const set = update.kind === "patch" ? update.set : update.kind === "beat" ? undefined : update.state;
    if (update.kind === "snapshot" || update.kind === "saved") {
      for (const [key, field] of this.#fields) if (!(key in update.state)) field.value = undefined;
    }
    for (const [key, value] of Object.entries(set ?? {})) this.#field(key).value = value;
    const { append = {}, merge = {} } = update.kind === "patch" ? update : {};
    for (const [key, more] of Object.entries(append)) {
      const field = this.#field(key);
      field.value = appended(field.peek(), more);
    }
    for (const [key, more] of Object.entries(merge)) {
      const field = this.#field(key);
      if (isFields(more)) field.value = this.#merged(field, more);
    }
    const now = set?.["now"];
    // A saved state tells when it was true, but nothing about the clocks of today.
    if (typeof now === "number") {
      this.#asOf.value = now;
      if (update.kind !== "saved") this.#skew.value = Date.now() - now;
    }
  }

  /** A table of 10,000 rows is copied only for who compares it with the one before. */
  #merged(field: Signal<unknown>, more: Fields): Fields {
    const old = field.peek();
    if (!field.read && isFields(old) && this.#own.has(old)) return merge(old, more);
    const next = merge(Object.assign(Object.create(null), isFields(old) && old), more);
    this.#own.add(next);
    return next;
  }

  #tell(update: Update): void {
    const patch = update.kind === "patch" ? update : undefined;
    for (const [key, followers] of this.#followers) {
      const anew = !patch || Object.hasOwn(patch.set ?? {}, key);
      const more = patch?.append?.[key] ?? patch?.merge?.[key];
      if (!anew && more === undefined) continue;
      for (const hear of followers) hear(anew ? this.#field(key).peek() : more, anew);
    }
  }

  /** Any message means that the kernel is there. */
  #heard(): void {
    clearTimeout(this.#giveUp);
    this.#giveUp = undefined;
    if (!this.#offline.value) return;
    this.#offline.value = false;
    this.#attempt = 0;
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  /** Say hello, unless one was said a moment ago: then the timer that runs sees to the next. */
  #ask(): void {
    if (this.#retry === undefined) this.#hello();
  }

  #hello(): void {
    const pause = RETRY_MS[Math.min(this.#attempt++, RETRY_MS.length - 1)];
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      // `giveUp` runs while nothing at all was heard since the hello.
      if (behind(this.#sync) || this.#giveUp !== undefined || this.#offline.value) this.#hello();
      else this.#attempt = 0;
    }, pause);
    this.#giveUp ??= setTimeout(() => (this.#offline.value = true), OFFLINE_MS);
    this.#greet();
  }

  /**
   * The last message and each that repeats its number may be lost, and so may a question or its
   * answer: ask again while it is quiet. A kernel that is busy is not called gone for being quiet.
   */
  #listen(): void {
    clearTimeout(this.#quiet);
    if (this.#views === 0) return;
    const acting = this.#pending.size > 0;
    this.#quiet = setTimeout(() => {
      if (this.#pending.size > 0) this.#ask();
      else {
        this.#pause *= 2;
        this.#greet();
      }
      this.#listen();
    }, acting ? SLOW_MS : this.#pause);
  }

  #greet(): void {
    this.#send({ kind: "hello", have: this.#sync.whole ? this.#sync.have : null });
    this.#resend();
  }

  #send(message: Fields): void {
    try {
      this.#model.send(message);
    } catch {
      // A model without a comm (a reopened notebook) throws here: it is offline, nothing worse.
      this.#offline.value = true;
    }
  }

  /** Not answered for long: the question or the answer was lost, unless the kernel is busy. */
  #resend(): void {
    for (const action of this.#pending.values()) {
      if (Date.now() - action.sentAt < SLOW_MS) continue;
      action.sentAt = Date.now();
      this.#send(action.message);
    }
  }

  #settle(id: string, reply: Reply): void {
    this.#pending.get(id)?.resolve(reply);
    this.#pending.delete(id);
  }

  #field(key: string): Signal<unknown> {
    let field = this.#fields.get(key);
    if (!field) this.#fields.set(key, (field = signal<unknown>(undefined)));
    return field;
  }
}

type Timer = ReturnType<typeof setTimeout> | undefined;

function asReply(message: unknown): (Reply & { id: string }) | null {
  if (!isFields(message) || message["kind"] !== "reply" || typeof message["id"] !== "string") return null;
  const { id, error } = message;
  return { id, ok: message["ok"] === true, ...(typeof error === "string" && { error }) };
}

const stores = new WeakMap<Model, Store<object>>();

/** The one store of a model. */
export function storeOf<S extends object>(model: Model): Store<S> {
  let store = stores.get(model);
  if (!store) stores.set(model, (store = new Store(model)));
  return store as Store<S>;
}
