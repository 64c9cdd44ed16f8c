import { Icon, type IconName } from "./icon.js";

/** A status in colour, shape and words. */
export function Badge({ word, tone, icon }: { word: string; tone: string; icon: IconName }) {
  return (
    <span class={`tw-badge tw-${tone}`}>
      <Icon name={icon} />
      {word}
    </span>
  );
}
