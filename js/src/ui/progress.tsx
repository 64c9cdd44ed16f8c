interface Props {
  /** 0..1; null when how far is not known */
  fraction: number | null;
  /** whether something is going on */
  active: boolean;
  tone: string;
  label: string;
}

/** The line under a card's head. It is always there, so nothing moves when progress begins. */
export function ProgressBar({ fraction, active, tone, label }: Props) {
  const known = fraction !== null && Number.isFinite(fraction);
  if (!known && !active) return <div class="tw-bar" />;
  const value = known ? Math.min(1, Math.max(0, fraction)) : undefined;
  return (
    <div
      class={`tw-bar tw-${tone}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value === undefined ? undefined : Math.floor(value * 100 + 1e-9)}
      data-active={active}
    >
      {value === undefined ? (
        <div class="tw-sweep" />
      ) : (
        <div class="tw-fill" style={{ transform: `scaleX(${value})` }} />
      )}
    </div>
  );
}
