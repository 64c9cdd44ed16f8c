/**
 * The kernel's side of the conversation, as `widgets/channel.py`, `pending.py` and `base.py` have it,
 * and a line between the two that loses, repeats and delays messages.
 */
import type { FakeModel } from "./fake-model.js";

type Fields = Record<string, unknown>;
type More = string | unknown[];

/** Pauses before the last number is repeated, and the one between two turns of the outbox, in ms. */
const BEATS = [500, 1000, 2000, 4000, 8000, 16_000, 32_000];
const TURN = 17;

const grown = (old: unknown, more: More): More =>
  typeof more === "string" ? `${(old as string | undefined) ?? ""}${more}` : [...((old as unknown[] | undefined) ?? []), ...more];

export class Kernel {
  readonly state: Fields = {};
  /** the actions that were carried out, in order */
  readonly done: string[] = [];
  readonly #send: (message: Fields) => void;
  readonly #answers = new Map<unknown, Fields>();
  #set = new Set<string>();
  #append: Record<string, More> = {};
  #merge: Record<string, Fields> = {};
  #replies: Fields[] = [];
  #wanted = false;
  #met = false;
  #seq = 0;
  #beats: number[] = [];
  #turn: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (message: Fields) => void) {
    this.#send = send;
  }

  update(changes: Fields): void {
    for (const [key, value] of Object.entries(changes)) {
      if (JSON.stringify(this.state[key]) === JSON.stringify(value)) continue;
      this.state[key] = value;
      this.#set.add(key);
      delete this.#append[key];
      delete this.#merge[key];
    }
    if (this.#news) this.#post(TURN);
  }

  append(key: string, more: More): void {
    this.state[key] = grown(this.state[key], more);
    if (!this.#set.has(key)) this.#append[key] = grown(this.#append[key], more);
    this.#post(TURN);
  }

  merge(key: string, changes: Fields): void {
    const entries = { ...(this.state[key] as Fields | undefined), ...changes };
    for (const name of Object.keys(changes)) if (changes[name] === null) delete entries[name];
    this.state[key] = entries;
    if (!this.#set.has(key)) this.#merge[key] = { ...this.#merge[key], ...changes };
    this.#post(TURN);
  }

  /** What is kept in the notebook. */
  get saved(): Fields {
    return { seq: this.#seq - (this.#news ? 0.5 : 0), saved_at: Date.now(), state: structuredClone(this.state) };
  }

  receive({ kind, id, name, have }: Fields): void {
    if (kind === "action") {
      if (!this.#answers.has(id)) {
        this.done.push(String(name));
        this.#answers.set(id, { kind: "reply", id, ok: true, error: null });
      }
      this.#replies.push(this.#answers.get(id) as Fields);
    } else if (kind === "hello") {
      this.#met = true;
      if (have === this.#seq && !this.#news) this.#beats = [0];
      else this.#wanted = true;
    }
    this.#post(TURN);
  }

  get #news(): boolean {
    return this.#set.size + Object.keys(this.#append).length + Object.keys(this.#merge).length > 0;
  }

  #due = Number.POSITIVE_INFINITY;
  /** An earlier turn stays. */
  #post(delay: number): void {
    const due = Date.now() + delay;
    if (due >= this.#due) return;
    this.#due = due;
    clearTimeout(this.#turn);
    this.#turn = setTimeout(() => this.#flush(), delay);
  }

  #flush(): void {
    this.#due = Number.POSITIVE_INFINITY;
    const messages: Fields[] = [];
    if (this.#news || this.#wanted) {
      messages.push(this.#tell());
      this.#beats = [...BEATS];
    } else if (this.#beats.length > 0) {
      this.#beats.shift();
      messages.push({ kind: "beat", seq: this.#seq });
    }
    messages.push(...this.#replies);
    this.#replies = [];
    for (const message of messages) this.#send(message);
    if (this.#beats[0] !== undefined) this.#post(this.#beats[0]);
  }

  #tell(): Fields {
    if (this.#news) this.#seq++;
    const set = Object.fromEntries([...this.#set].map((key) => [key, this.state[key]]));
    const [append, merge] = [this.#append, this.#merge];
    const whole = this.#wanted || !this.#met;
    this.#wanted = false;
    [this.#set, this.#append, this.#merge] = [new Set(), {}, {}];
    return whole ? { kind: "snapshot", seq: this.#seq, state: { ...this.state } } : { kind: "patch", seq: this.#seq, set, append, merge };
  }
}

/** Numbers in 0..1 from a seed (mulberry32): a failure can be run again. */
export function chances(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A kernel for `model`: of the messages, both ways, 30 % are lost, and of the rest some come late or twice. */
export function lossy(model: FakeModel, chance: () => number): Kernel {
  const line = (deliver: () => void) => {
    if (chance() < 0.3) return;
    const late = chance() < 0.5 ? 0 : chance() * 900;
    setTimeout(deliver, late);
    if (chance() < 0.3) setTimeout(deliver, late * 2 + 1);
  };
  const kernel = new Kernel((message) => {
    const told = structuredClone(message);
    line(() => model.custom(structuredClone(told)));
  });
  model.onSend = (message) => line(() => kernel.receive(message));
  return kernel;
}
