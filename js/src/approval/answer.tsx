import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Store } from "../transport.js";
import type { Action } from "../ui/action.js";
import { ConfirmButton } from "../ui/confirm.js";
import { Icon } from "../ui/icon.js";
import { useUniqueId } from "../ui/ids.js";
import { Sentence } from "../ui/sentence.js";
import type { ApprovalState, Phase } from "./state.js";

interface Props {
  store: Store<ApprovalState>;
  phase: Phase;
  /** the answer on its way, if one is */
  given: boolean | null;
  complete: Action;
}

const APPLE = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");

/** Where a person answers: a comment, Approve, Reject. */
export function Answer({ store, phase, given, complete }: Props) {
  const can = store.field("can").value?.complete;
  const reason = store.field("reason").value;
  const offline = store.offline.value;
  const sending = phase === "sending";
  const problem = sending ? null : (complete.error ?? (phase === "failed" ? reason || "The answer could not be sent." : null));
  const [comment, write] = useState("");
  const id = useUniqueId();
  const box = useRef<HTMLDivElement>(null);
  const decide = (approved: boolean) => {
    if (!sending && !offline && can === true) void complete.run({ approved, comment: comment.trim() });
  };
  useApproveKey(box, () => decide(true));
  useLayoutEffect(
    () => () => {
      // The answer was taken under the fingers: keep the focus in the card.
      const focused = (box.current?.getRootNode() as Document | ShadowRoot | undefined)?.activeElement;
      if (focused && box.current?.contains(focused)) focused.closest<HTMLElement>(".tw-card")?.focus();
    },
    [],
  );
  if (typeof can === "string") {
    return (
      <p class="tw-line tw-cannot">
        <Sentence text={can} />
      </p>
    );
  }
  if (offline || can !== true) return null;
  return (
    <div class="tw-answer" ref={box}>
      <label class="tw-field-label" for={id}>
        Comment <span>optional</span>
      </label>
      <textarea
        id={id}
        class="tw-input"
        rows={2}
        value={comment}
        readOnly={sending}
        onInput={({ currentTarget }) => write(currentTarget.value)}
      />
      {problem && (
        <p class="tw-problem" role="alert">
          <Sentence text={problem} /> You can try again.
        </p>
      )}
      <div class="tw-decide">
        <button type="button" class="tw-btn tw-primary" aria-disabled={sending} onClick={() => decide(true)}>
          {sending && given === true ? <Sending word="Approving" /> : "Approve"}
        </button>
        <span class="tw-reject">
          {sending && given === false ? (
            <button type="button" class="tw-btn" aria-disabled="true">
              <Sending word="Rejecting" />
            </button>
          ) : (
            <ConfirmButton label="Reject" question="Reject this?" yes="Yes, reject" no="Back" disabled={sending} onConfirm={() => decide(false)} />
          )}
        </span>
        <span class="tw-keys">
          {sending && complete.slow ? (
            "The kernel is busy; the answer goes out as soon as it can."
          ) : (
            <>
              <kbd>{APPLE ? "⌘" : "Ctrl"}</kbd> <kbd>↵</kbd> to approve
            </>
          )}
        </span>
      </div>
    </div>
  );
}

function Sending({ word }: { word: string }) {
  return (
    <>
      <Icon name="ring" /> {word}
    </>
  );
}

/** Ctrl+Enter or Cmd+Enter anywhere in the card; the notebook must not run the cell for it. */
function useApproveKey(box: { current: HTMLElement | null }, approve: () => void): void {
  const latest = useRef(approve);
  latest.current = approve;
  useEffect(() => {
    const card = box.current?.closest<HTMLElement>(".tw-card");
    if (!card) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.repeat) return;
      // While it asks whether to reject, that is the question.
      if (!event.composedPath().includes(card) || card.querySelector(".tw-confirm")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      latest.current();
    };
    // JupyterLab listens on the document in the capture phase: the window is earlier.
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  });
}
