import type { ComponentChildren } from "preact";
import { clock, duration } from "../format.js";
import { Output } from "../run/output.js";
import type { Store } from "../transport.js";
import { isBranch } from "../ui/json.js";
import type { ApprovalState, Decision, Phase } from "./state.js";

/** Who decided, when, and with what words. */
export function DecisionMade({ store, phase }: { store: Store<ApprovalState>; phase: Phase }) {
  const decision = store.field("decision").value ?? null;
  const created = store.field("created_at").value;
  const ended = store.field("completed_at").value ?? decision?.at ?? null;
  const comment = decision?.comment?.toString().trim();
  return (
    <>
      <div class="tw-stats tw-decision">
        <div class="tw-now">
          <span>{who(phase, decision)}</span>
          {isNumber(ended) && (
            <span>
              <time dateTime={new Date(ended).toISOString()}>{clock(ended, Date.now())}</time>
              {isNumber(created) && ended > created && (
                <>
                  , after <b>{duration(ended - created)}</b>
                </>
              )}
            </span>
          )}
        </div>
      </div>
      {comment && (
        <blockquote class="tw-comment" aria-label="Comment">
          {comment}
        </blockquote>
      )}
      {phase === "sent" && (
        <p class="tw-line">The server took the answer. This key may not read the token, so whether another answer came first is not known.</p>
      )}
      {decision && hasMore(decision) && <Output value={decision.output} name="data" title="Data" />}
    </>
  );
}

function who(phase: Phase, decision: Decision | null): ComponentChildren {
  if (phase === "timed_out") return "Nobody answered in time";
  const verb = decision?.approved === true ? "Approved" : decision?.approved === false ? "Rejected" : "Answered";
  if (phase === "sent") return decision?.approved === true ? "You approved" : decision?.approved === false ? "You rejected" : "You answered";
  if (phase === "elsewhere" && !decision?.by) return `${verb} elsewhere`;
  const by = decision?.by || "you";
  return (
    <>
      {verb} by <b class="tw-who">{by}</b>
      {phase === "elsewhere" && ", elsewhere"}
    </>
  );
}

const USUAL = new Set(["approved", "comment", "by"]);

/** Whether the data say more than what is shown already. */
function hasMore({ approved, output }: Decision): boolean {
  if (output === undefined || output === null) return false;
  if (typeof approved !== "boolean" || !isBranch(output)) return typeof approved !== "boolean";
  return Object.keys(output).some((key) => !USUAL.has(key));
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
