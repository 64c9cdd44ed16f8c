import type { Model } from "../src/transport.js";

type Callback = (...args: never[]) => void;

/** An anywidget model without Jupyter; `custom` and `sync` play the kernel. */
export class FakeModel implements Model {
  readonly sent: Record<string, unknown>[] = [];
  widget_manager?: { get_model(id: string): Promise<Model> };
  readonly #state: Record<string, unknown>;
  readonly #listeners = new Map<string, Set<Callback>>();
  /** called for each message to the kernel */
  onSend: (message: Record<string, unknown>) => void = () => {};

  constructor(state: Record<string, unknown>) {
    this.#state = { ...state };
  }
  get(key: string): unknown {
    return this.#state[key];
  }
  on(event: string, callback: Callback): void {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event)?.add(callback);
  }
  off(event: string, callback: Callback): void {
    this.#listeners.get(event)?.delete(callback);
  }
  send(content: unknown): void {
    const message = content as Record<string, unknown>;
    this.sent.push(message);
    this.onSend(message);
  }
  /** A custom message from the kernel. */
  custom(message: unknown): void {
    for (const call of [...(this.#listeners.get("msg:custom") ?? [])]) (call as (m: unknown) => void)(message);
  }
  /** A trait set by the kernel. */
  sync(key: string, value: unknown): void {
    this.#state[key] = value;
    for (const call of [...(this.#listeners.get(`change:${key}`) ?? [])]) (call as () => void)();
  }
  emit(event: string): void {
    for (const call of [...(this.#listeners.get(event) ?? [])]) (call as () => void)();
  }
  listeners(): number {
    return [...this.#listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }
}

/** A model whose kernel answers every hello with `state`. */
export function liveModel(state: Record<string, unknown>, kind = "run"): FakeModel {
  const model = new FakeModel({ _kind: kind, _snapshot: {} });
  model.onSend = (message) => {
    if (message["kind"] !== "hello") return;
    model.custom(message["have"] === 1 ? { kind: "beat", seq: 1 } : { kind: "snapshot", seq: 1, state });
  };
  return model;
}
