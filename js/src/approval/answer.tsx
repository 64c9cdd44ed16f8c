import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useForm } from "../form/use-form.js";
import { Written } from "../form/written.js";
import type { Store } from "../transport.js";
import type { Action } from "../ui/action.js";
import { ConfirmButton } from "../ui/confirm.js";
import { Remark } from "../ui/head.js";
import { Icon } from "../ui/icon.js";
import { useUniqueId } from "../ui/ids.js";
import { Sentence } from "../ui/sentence.js";
import { APPLE, useSubmitKey } from "../ui/submit.js";
import type { ApprovalState, Phase } from "./state.js";

interface Props {
  store: Store<ApprovalState>;
  card: { readonly current: HTMLElement | null };
  phase: Phase;
  /** the answer on its way, if one is */
  given: boolean | null;
  complete: Action;
}

/** Where a person answers: a comment or a form, and Approve, Reject or Send. */
export function Answer({ store, card, phase, given, complete }: Props) {
  const of = <K extends keyof ApprovalState>(key: K) => store.field(key).value;
  const can = of("can")?.complete;
  const offline = store.offline.value;
  const sending = phase === "sending";
  const told = of("problem");
  const form = useForm({ schema: of("schema"), preset: of("payload"), told });
  const verdict = of("verdict") !== false;
  const asked = of("comment") === null;
  const [written, write] = useState<string | null>(null);
  const comment = written ?? of("comment") ?? "";
  const box = useRef<HTMLDivElement>(null);
  const id = useUniqueId();
  const decide = (approved: boolean) => {
    if (sending || offline || can !== true) return;
    const made = asked ? form.make() : { value: null };
    if (!made) return form.toProblem(box.current);
    void complete.run({ ...(verdict && { approved }), comment: comment.trim(), ...(asked && { data: made.value }) });
  };
  useSubmitKey(card, () => {
    // While it asks whether to reject, that is the question; and a key is not what confirms.
    if (!card.current?.querySelector(".tw-confirm") && !confirms(true)) decide(true);
  });
  useLayoutEffect(
    () => () => {
      // The answer was taken under the fingers: keep the focus in the card.
      const focused = (box.current?.getRootNode() as Document | ShadowRoot | undefined)?.activeElement;
      if (focused && box.current?.contains(focused)) card.current?.focus();
    },
    [],
  );
  const confirms = (approved: boolean) => (of("confirm") ?? [false]).includes(approved);
  if (typeof can === "string") return <Remark as="cannot" text={can} />;
  if (offline || can !== true) return null;
  const failed = complete.error ?? (phase === "failed" ? of("reason") || "The answer could not be sent." : null);
  const problem = sending ? null : told ? [told.message, ...form.rest].join(" ") : failed && `${failed} You can try again.`;
  const button = (approved: boolean, label: string, doing: string, question: string, yes: string) => {
    const main = approved ? "tw-btn tw-primary" : "tw-btn";
    if (sending && (given ?? true) === approved) {
      return (
        <button type="button" class={main} aria-disabled="true">
          <Icon name="ring" /> {doing}
        </button>
      );
    }
    return confirms(approved) ? (
      <ConfirmButton label={label} primary={approved} question={question} yes={yes} no="Back" disabled={sending} onConfirm={() => decide(approved)} />
    ) : (
      <button type="button" class={main} aria-disabled={sending} onClick={() => decide(approved)}>
        {label}
      </button>
    );
  };
  return (
    <div class="tw-answer" ref={box}>
      {asked ? (
        <Written form={form} busy={sending} label="Answer" />
      ) : (
        <>
          <label class="tw-field-label" for={id}>
            Comment <span>optional</span>
          </label>
          <textarea id={id} class="tw-input" rows={2} value={comment} readOnly={sending} onInput={({ currentTarget }) => write(currentTarget.value)} />
        </>
      )}
      {problem && (
        <p class="tw-problem" role="alert">
          <Sentence text={problem} />
        </p>
      )}
      <div class="tw-decide">
        {verdict ? button(true, "Approve", "Approving", "Approve this?", "Yes, approve") : button(true, "Send answer", "Sending", "Send this?", "Yes, send")}
        {verdict && <span class="tw-reject">{button(false, "Reject", "Rejecting", "Reject this?", "Yes, reject")}</span>}
        <span class="tw-keys">
          {sending && complete.slow ? (
            "The kernel is busy; the answer goes out as soon as it can."
          ) : (
            !confirms(true) && (
              <>
                <kbd>{APPLE ? "⌘" : "Ctrl"}</kbd> <kbd>↵</kbd> {verdict ? "to approve" : "to send"}
              </>
            )
          )}
        </span>
      </div>
    </div>
  );
}
