import type { IconName } from "../ui/icon.js";
import type { Decision, Phase } from "./state.js";

export interface ApprovalLook {
  word: string;
  tone: string;
  icon: IconName;
}

/** Where a decision stands, in a word. What is not certain never looks like a decision. */
export function approvalLook(phase: Phase | null, decision: Decision | null, hopeless: boolean): ApprovalLook {
  switch (phase) {
    case "asking":
      return { word: "Needs you", tone: "wait", icon: "alert" };
    case "sending":
      return { word: "Sending", tone: "run", icon: "ring" };
    case "sent":
      return { word: "Sent", tone: "run", icon: "check" };
    case "failed":
      return { word: "Not sent", tone: "bad", icon: "alert" };
    case "timed_out":
      return { word: "Timed out", tone: "off", icon: "clock" };
    case "accepted":
    case "elsewhere":
      if (decision?.approved === true) return { word: "Approved", tone: "ok", icon: "check" };
      if (decision?.approved === false) return { word: "Rejected", tone: "bad", icon: "cross" };
      return { word: "Answered", tone: "ok", icon: "check" };
    default:
      return hopeless ? { word: "No data", tone: "off", icon: "slash" } : { word: "Connecting", tone: "idle", icon: "ring" };
  }
}
