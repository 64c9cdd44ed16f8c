/** Every state a task to start can be in, for the tests and the gallery. `T` is now, in epoch ms. */
import type { RunState } from "../src/run/state.js";
import type { TriggerState } from "../src/trigger/state.js";

export interface TriggerScene {
  name: string;
  state: Partial<TriggerState>;
  offline?: boolean;
  width?: number;
  /** the state of the run's card below */
  child?: Partial<RunState>;
}

/** As pydantic 2 writes it, with what it can write. */
export const SCHEMA = {
  title: "TrainModel",
  type: "object",
  $defs: {
    Optimizer: { title: "Optimizer", type: "string", enum: ["adam", "sgd", "lion"] },
    Window: {
      title: "Window",
      description: "The days that are learned from.",
      type: "object",
      properties: {
        start: { title: "Start", type: "string", format: "date" },
        days: { title: "Days", type: "integer", minimum: 1, default: 90 },
      },
      required: ["start"],
    },
  },
  properties: {
    name: { title: "Name", type: "string", minLength: 1, description: "Shown in the dashboard." },
    epochs: { title: "Epochs", type: "integer", minimum: 1, maximum: 500, default: 20 },
    learning_rate: { title: "Learning Rate", type: "number", exclusiveMinimum: 0, default: 0.001 },
    optimizer: { $ref: "#/$defs/Optimizer", default: "adam" },
    seed: { title: "Seed", anyOf: [{ type: "integer" }, { type: "null" }], default: null, description: "Leave it empty for another one each time." },
    early_stopping: { title: "Early Stopping", type: "boolean", default: true, description: "Ends when nothing gets better for five epochs." },
    features: { title: "Features", type: "array", items: { type: "string" }, minItems: 1, default: ["rate", "supply", "month"] },
    window: { $ref: "#/$defs/Window" },
    notes: { title: "Notes", type: "string", default: "" },
    weights: { title: "Weights", type: "object", additionalProperties: { type: "number" }, default: { north: 1.5 } },
  },
  required: ["name", "window"],
};

export function triggerScenes(T: number): TriggerScene[] {
  const base = (more: Partial<TriggerState> = {}): Partial<TriggerState> => ({
    task: "train-model",
    schema: null,
    payload: '{\n  "region": "north-west",\n  "samples": 10000\n}',
    submitting: false,
    problem: null,
    runs: [],
    child: null,
    ...more,
  });
  const form = (more: Partial<TriggerState> = {}) => base({ schema: SCHEMA, payload: '{"name": "north-west, Q3", "window": {"start": "2026-07-01"}}', ...more });
  const runs = Array.from({ length: 5 }, (_, i) => ({ id: `run_cm4k0a1b2c3d4e5f6x7q${i}`, created_at: T - 2000 - i * 71_000 }));
  const child: Partial<RunState> = {
    run_id: runs[0]?.id ?? null, task: "train-model", status: "EXECUTING", created_at: T - 2000, started_at: T - 1900, now: T, tags: [],
    progress: { fraction: 0.24, current: 4.8, total: 20, rate: 2.6, eta: 6 }, metadata: { loss: 0.318 }, connection: { state: "live" }, can: { cancel: true },
  };
  return [
    { name: "connecting", state: {} },
    { name: "json", state: base() },
    { name: "json, no payload", state: base({ payload: null }) },
    { name: "json, running", state: base({ runs, child: "IPY_MODEL_child" }), child },
    { name: "json, starting", state: base({ submitting: true, runs }) },
    { name: "json, refused", state: base({ problem: { message: "The payload does not fit the task “train-model”.", fields: { "/samples": "Input should be less than 5000", "": "Value error, north-west is closed" } } }) },
    { name: "form", state: form() },
    { name: "form, empty", state: form({ payload: null }) },
    { name: "form, refused", state: form({ problem: { message: "The payload does not fit the task “train-model”.", fields: { "/epochs": "Input should be less than or equal to 100", "/features/1": "“supply” is no column", "/window/start": "Date should be in the past", "/nowhere": "Extra inputs are not permitted" } } }) },
    { name: "form, starting", state: form({ submitting: true }) },
    { name: "form, running", state: form({ runs: runs.slice(0, 2), child: "IPY_MODEL_child" }), child },
    { name: "fault", state: base({ fault: "https://api.trigger.dev refused the key: check TRIGGER_SECRET_KEY." }) },
    { name: "offline, json", offline: true, state: base({ runs }) },
    { name: "child lost", state: base({ runs, child: "IPY_MODEL_lost" }) },
    { name: "long names", state: form({ task: "a-task-with-a-name-that-is-much-longer-than-anybody-would-wish-for-in-a-cell-of-a-notebook", schema: { type: "object", properties: { ["k".repeat(70)]: { type: "string", description: "d".repeat(200) } } } }) },
  ];
}
