import { clock, shortId } from "../format.js";
import { lookOf } from "../run/status.js";
import { Icon } from "../ui/icon.js";
import type { Started } from "./state.js";

interface Props {
  runs: readonly Started[];
  /** the one whose card is below */
  shown: string | undefined;
  onShow: (id: string) => void;
  onLoad: (payload: string) => void;
}

/** The runs started here, newest first: a click shows one again, or takes its payload. */
export function History({ runs, shown, onShow, onLoad }: Props) {
  return (
    <ol class="tw-history" aria-label="Runs started here">
      {runs.map(({ id, created_at: at, status, payload }) => {
        const look = lookOf({ status });
        return (
          <li key={id} class="tw-past" data-phase={look.phase}>
            <button type="button" class="tw-past-run" aria-pressed={id === shown} title={`Show ${id}`} onClick={() => onShow(id)}>
              <span class={`tw-mark tw-${look.tone}`}>
                <Icon name={look.icon} />
                <span class="tw-sr">{look.word}</span>
              </span>
              <span class="tw-num">{typeof at === "number" && clock(at, Date.now())}</span>
              <span class="tw-past-id">{shortId(String(id))}</span>
              <span class="tw-past-payload">{payload}</span>
            </button>
            {typeof payload === "string" && (
              <button type="button" class="tw-link" aria-label={`Use the payload of ${shortId(String(id))}`} title="Write its payload into the form" onClick={() => onLoad(payload)}>
                Use payload
              </button>
            )}
          </li>
        );
      })}
    </ol>
  );
}
