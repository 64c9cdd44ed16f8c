import { count } from "../format.js";
import { lookOf } from "../run/status.js";
import type { IconName } from "../ui/icon.js";

export interface Overall {
  word: string;
  tone: string;
  icon: IconName;
  phase: "before" | "during" | "after";
}

interface Situation {
  counts: ReadonlyMap<string, number>;
  /** whether the kernel has told anything */
  known: boolean;
  done: boolean;
  /** there is a fault or no kernel */
  hopeless: boolean;
}

/** How all the runs stand together, in a word. */
export function overall({ counts, known, done, hopeless }: Situation): Overall {
  const of = (fits: (look: ReturnType<typeof lookOf>) => boolean): number =>
    [...counts].reduce((sum, [status, n]) => sum + (fits(lookOf({ status })) ? n : 0), 0);
  const active = of((look) => look.phase !== "after");
  const any = counts.size > 0;
  if (done || (any && active === 0 && hopeless)) {
    const failed = of((look) => look.tone === "bad");
    const dropped = of((look) => look.tone === "off");
    if (failed > 0) return { word: `${count(failed)} failed`, tone: "bad", icon: "cross", phase: "after" };
    if (dropped > 0) return { word: `${count(dropped)} not run`, tone: "off", icon: "slash", phase: "after" };
    return any ? { word: "Completed", tone: "ok", icon: "check", phase: "after" } : { word: "No runs", tone: "off", icon: "slash", phase: "after" };
  }
  if (!any && hopeless) return { word: "No data", tone: "off", icon: "slash", phase: "after" };
  if (!known) return { word: "Connecting", tone: "idle", icon: "ring", phase: "before" };
  if (!any) return { word: "Waiting", tone: "idle", icon: "dashed", phase: "before" };
  if (active === 0) return { word: "Up to date", tone: "idle", icon: "check", phase: "during" };
  if (of((look) => look.phase === "during") > 0) return { word: "Running", tone: "run", icon: "ring", phase: "during" };
  const worker = counts.get("PENDING_VERSION") ?? 0;
  return worker === active ? { ...lookOf({ status: "PENDING_VERSION" }) } : { word: "Queued", tone: "idle", icon: "dashed", phase: "before" };
}
