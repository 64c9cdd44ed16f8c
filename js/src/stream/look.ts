import { lookOf } from "../run/status.js";
import type { IconName } from "../ui/icon.js";

export interface StreamLook {
  word: string;
  tone: string;
  icon: IconName;
  phase: "waiting" | "live" | "stopped" | "over";
}

export interface Situation {
  done: boolean;
  stopped: boolean;
  status: string | null | undefined;
  /** whether something has come */
  begun: boolean;
  /** whether the kernel has told anything */
  known: boolean;
  /** there is a fault or no kernel */
  hopeless: boolean;
}

/** What is going on with a stream, in a word. */
export function streamLook({ done, stopped, status, begun, known, hopeless }: Situation): StreamLook {
  if (done) {
    const run = lookOf({ status });
    if (status && run.phase === "after" && run.tone !== "ok") {
      return { word: `Run ${run.word.toLowerCase()}`, tone: run.tone, icon: run.icon, phase: "over" };
    }
    return { word: "Done", tone: "ok", icon: "check", phase: "over" };
  }
  if (hopeless) return { word: begun ? "Interrupted" : "No data", tone: "off", icon: "slash", phase: "stopped" };
  if (stopped) return { word: "Stopped", tone: "off", icon: "pause", phase: "stopped" };
  if (!known) return { word: "Connecting", tone: "idle", icon: "ring", phase: "waiting" };
  if (!begun) return { word: "Waiting", tone: "idle", icon: "ring", phase: "waiting" };
  return { word: "Streaming", tone: "run", icon: "ring", phase: "live" };
}
