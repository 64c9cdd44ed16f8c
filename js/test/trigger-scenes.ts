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

/** As the kernel describes the options of a trigger. */
export const OPTIONS = {
  type: "object",
  properties: {
    tags: { title: "Tags", type: "array", items: { type: "string" } },
    delay: { title: "Delay", type: "string", pattern: "^\\d+[smhd]$", examples: ["10m"] },
    max_attempts: { title: "Max attempts", type: "integer", minimum: 1 },
    machine: { title: "Machine", enum: ["micro", "small-1x"] },
  },
};

/** Everything that a form can have. */
export const WIDE = {
  type: "object",
  $defs: {
    Cat: { title: "Cat", type: "object", properties: { kind: { const: "cat", title: "Kind" }, lives: { title: "Lives", type: "integer", default: 9 } }, required: ["kind"] },
    Dog: { title: "Dog", type: "object", properties: { kind: { const: "dog", title: "Kind" }, tricks: { title: "Tricks", type: "array", items: { type: "string" } } }, required: ["kind"] },
    Point: { title: "Point", type: "object", properties: { x: { title: "X", type: "number" }, label: { title: "Label", type: "string", default: "" } }, required: ["x"] },
  },
  properties: {
    version: { title: "Version", const: 2 },
    when: { title: "When", type: "string", format: "date-time" },
    code: { title: "Code", type: "string", pattern: "^[A-Z]{3}$", description: "Three capitals." },
    pet: { title: "Pet", anyOf: [{ $ref: "#/$defs/Cat" }, { $ref: "#/$defs/Dog" }] },
    size: { title: "Size", anyOf: [{ type: "integer" }, { type: "string" }] },
    points: { title: "Points", type: "array", items: { $ref: "#/$defs/Point" }, minItems: 1 },
    origin: { title: "Origin", anyOf: [{ $ref: "#/$defs/Point" }, { type: "null" }], default: null, description: "Where the walk begins." },
  },
  required: ["version", "when", "code", "pet", "size", "points"],
};

export function triggerScenes(T: number): TriggerScene[] {
  const base = (more: Partial<TriggerState> = {}): Partial<TriggerState> => ({
    task: "train-model",
    schema: null,
    payload: '{\n  "region": "north-west",\n  "samples": 10000\n}',
    submitting: false,
    problem: null,
    runs: [],
    options_schema: OPTIONS,
    options: "{}",
    ...more,
  });
  const form = (more: Partial<TriggerState> = {}) => base({ schema: SCHEMA, payload: '{"name": "north-west, Q3", "window": {"start": "2026-07-01"}}', ...more });
  const runs = Array.from({ length: 5 }, (_, i) => ({
    id: `run_cm4k0a1b2c3d4e5f6x7q${i}`,
    created_at: T - 2000 - i * 71_000,
    status: ["EXECUTING", "COMPLETED", "FAILED", "COMPLETED", "CANCELED"][i] as string,
    payload: i === 4 ? null : `{"region": "north-west", "samples": ${10_000 - i * 1000}}`,
    child: `IPY_MODEL_child${i}`,
  }));
  const lost = runs.map((each) => ({ ...each, child: "IPY_MODEL_lost" }));
  const child: Partial<RunState> = {
    run_id: runs[0]?.id ?? null, task: "train-model", status: "EXECUTING", created_at: T - 2000, started_at: T - 1900, now: T, tags: [],
    progress: { fraction: 0.24, current: 4.8, total: 20, rate: 2.6, eta: 6 }, metadata: { loss: 0.318 }, connection: { state: "live" }, can: { cancel: true },
  };
  return [
    { name: "connecting", state: {} },
    { name: "json", state: base() },
    { name: "json, no payload", state: base({ payload: null }) },
    { name: "json, running", state: base({ runs }), child },
    { name: "json, starting", state: base({ submitting: true, runs }) },
    { name: "json, refused", state: base({ problem: { message: "The payload does not fit the task “train-model”.", fields: { "/samples": "Input should be less than 5000", "": "Value error, north-west is closed" } } }) },
    { name: "form", state: form() },
    { name: "form, empty", state: form({ payload: null }) },
    { name: "form, wide", state: base({ schema: WIDE, payload: '{"when": "2026-11-24T08:00:00Z", "code": "ABC", "pet": {"kind": "dog", "tricks": ["roll"]}, "points": [{"x": 1}, {"x": 2, "label": "end"}]}' }) },
    { name: "form, refused", state: form({ problem: { message: "The payload does not fit the task “train-model”.", fields: { "/epochs": "Input should be less than or equal to 100", "/features/1": "“supply” is no column", "/window/start": "Date should be in the past", "/nowhere": "Extra inputs are not permitted" } } }) },
    { name: "form, starting", state: form({ submitting: true }) },
    { name: "form, running", state: form({ runs: runs.slice(0, 2) }), child },
    { name: "fault", state: base({ fault: "https://api.trigger.dev refused the key: check TRIGGER_SECRET_KEY." }) },
    { name: "offline, json", offline: true, state: base({ runs }) },
    { name: "child lost", state: base({ runs: lost }) },
    { name: "long names", state: form({ task: "a-task-with-a-name-that-is-much-longer-than-anybody-would-wish-for-in-a-cell-of-a-notebook", schema: { type: "object", properties: { ["k".repeat(70)]: { type: "string", description: "d".repeat(200) } } } }) },
  ];
}
