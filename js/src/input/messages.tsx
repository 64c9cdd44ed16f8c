import { useLayoutEffect } from "preact/hooks";
import { clock, count } from "../format.js";
import { usePin } from "../stream/pin.js";
import { Icon } from "../ui/icon.js";
import { isBranch } from "../ui/json.js";
import { Preview } from "../ui/value.js";
import type { Message } from "./outgoing.js";

interface Props {
  messages: readonly Message[];
  earlier: number;
  canSend: boolean;
  onRetry: (message: Message) => void;
}

/** What was sent, oldest first, each with what became of it. */
export function Messages({ messages, earlier, canSend, onRetry }: Props) {
  const pin = usePin();
  useLayoutEffect(pin.settle, [messages.length]);
  return (
    <div class="tw-scroll tw-sent" ref={pin.box} onScroll={pin.onScroll} tabIndex={0} role="group" aria-label="What was sent">
      {earlier > 0 && <p class="tw-before">{count(earlier)} sent before</p>}
      <ol>
        {messages.map((message) => (
          <li key={message.key ?? message.id} data-state={message.state}>
            <div class="tw-said-text">{typeof message.data === "string" ? message.data : <Data value={message.data} />}</div>
            <div class="tw-said-how">
              {message.state === "sending" && "Sending"}
              {message.state === "sent" && <time dateTime={new Date(message.at).toISOString()}>{clock(message.at, Date.now(), false)}</time>}
              {message.state === "failed" && (
                <>
                  <Icon name="alert" />
                  <span role="alert">Not sent{message.reason ? `: ${message.reason}` : "."}</span>
                  {canSend && (
                    <button type="button" class="tw-link" onClick={() => onRetry(message)}>
                      Retry
                    </button>
                  )}
                </>
              )}
            </div>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Data({ value }: { value: unknown }) {
  return (
    <span class="tw-said-data" title={isBranch(value) ? JSON.stringify(value, null, 2).slice(0, 2000) : undefined}>
      <Preview value={value} budget={240} />
    </span>
  );
}
