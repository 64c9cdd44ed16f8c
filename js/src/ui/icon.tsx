const PATHS = {
  check: "M3.2 6.3 5.2 8.2 8.9 4.1",
  cross: "M4 4l4 4M8 4l-4 4",
  slash: "M3.4 8.6l5.2-5.2",
  clock: "M6 3.4V6l1.8 1.2",
  pause: "M4.9 4.2v3.6M7.1 4.2v3.6",
  alert: "M6 3.3v3.2M6 8.4v.1",
  ring: "",
  dashed: "",
  copy: "M4.2 4.2V2.4a.8.8 0 0 1 .8-.8h4.2a.8.8 0 0 1 .8.8v4.2a.8.8 0 0 1-.8.8H7.6M2.4 4.4h4.4a.8.8 0 0 1 .8.8v4.4a.8.8 0 0 1-.8.8H2.4a.8.8 0 0 1-.8-.8V5.2a.8.8 0 0 1 .8-.8Z",
  tick: "M2.2 6.4 4.8 9l5-5.8",
  search: "M5.2 8.6a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8ZM7.7 7.7l2.7 2.7",
  close: "M3.2 3.2l5.6 5.6M8.8 3.2 3.2 8.8",
  arrow: "M6 9.6V2.6M3.2 5.2 6 2.4l2.8 2.8",
  play: "M3.6 2.3v7.4L9.6 6Z",
  chevron: "M4.4 2.8 7.6 6 4.4 9.2",
} as const;

export type IconName = keyof typeof PATHS;

const ROUND = new Set<IconName>(["check", "cross", "slash", "clock", "pause", "alert"]);

/** A drawing of 12 by 12 that takes the colour of its text. It never stands without words. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`tw-icon tw-icon-${name}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      {ROUND.has(name) && <circle class="tw-disc" cx="6" cy="6" r="5.5" />}
      {name === "dashed" && <circle cx="6" cy="6" r="4.6" stroke-dasharray="2.2 1.42" />}
      {name === "ring" && (
        <>
          <circle class="tw-track" cx="6" cy="6" r="4.6" />
          <circle class="tw-arc" cx="6" cy="6" r="4.6" stroke-dasharray="8 30" />
        </>
      )}
      {PATHS[name] && <path d={PATHS[name]} />}
    </svg>
  );
}
