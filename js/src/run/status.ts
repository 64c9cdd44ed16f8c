import type { IconName } from "../ui/icon.js";

/** Colour says what kind of thing a status is; the word and the icon say which. */
export type Tone = "idle" | "wait" | "run" | "ok" | "bad" | "off";

export interface StatusLook {
  word: string;
  tone: Tone;
  icon: IconName;
  /** not yet with a worker, with one, or over */
  phase: "before" | "during" | "after";
}

const LOOKS: Record<string, StatusLook> = {
  PENDING_VERSION: { word: "Waiting for a worker", tone: "wait", icon: "dashed", phase: "before" },
  DELAYED: { word: "Delayed", tone: "idle", icon: "clock", phase: "before" },
  QUEUED: { word: "Queued", tone: "idle", icon: "dashed", phase: "before" },
  DEQUEUED: { word: "Starting", tone: "run", icon: "ring", phase: "during" },
  EXECUTING: { word: "Executing", tone: "run", icon: "ring", phase: "during" },
  WAITING: { word: "Waiting", tone: "wait", icon: "pause", phase: "during" },
  COMPLETED: { word: "Completed", tone: "ok", icon: "check", phase: "after" },
  FAILED: { word: "Failed", tone: "bad", icon: "cross", phase: "after" },
  CANCELED: { word: "Canceled", tone: "off", icon: "slash", phase: "after" },
  CRASHED: { word: "Crashed", tone: "bad", icon: "alert", phase: "after" },
  SYSTEM_FAILURE: { word: "System failure", tone: "bad", icon: "alert", phase: "after" },
  EXPIRED: { word: "Expired", tone: "off", icon: "clock", phase: "after" },
  TIMED_OUT: { word: "Timed out", tone: "bad", icon: "clock", phase: "after" },
};
const CONNECTING: StatusLook = { word: "Connecting", tone: "idle", icon: "ring", phase: "before" };
const CANCELING: StatusLook = { word: "Canceling", tone: "wait", icon: "ring", phase: "during" };
const UNKNOWN: StatusLook = { word: "No data", tone: "off", icon: "slash", phase: "after" };

export interface Situation {
  status: string | null | undefined;
  canceling?: boolean;
  /** there is a fault or no kernel, so no status will come */
  hopeless?: boolean;
}

export function lookOf({ status, canceling, hopeless }: Situation): StatusLook {
  if (!status) return hopeless ? UNKNOWN : CONNECTING;
  // A status nobody knows reads as its own words, in no colour.
  const look = (Object.hasOwn(LOOKS, status) && LOOKS[status]) || { word: sentence(status), tone: "idle", icon: "dashed", phase: "before" };
  return canceling && look.phase !== "after" ? CANCELING : look;
}

function sentence(status: string): string {
  const words = status.replaceAll("_", " ").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
