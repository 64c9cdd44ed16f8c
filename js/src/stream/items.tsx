import { useRef, useState } from "preact/hooks";
import { count } from "../format.js";
import { Icon } from "../ui/icon.js";
import { isBranch, size } from "../ui/json.js";
import { Tree } from "../ui/tree.js";
import { Leaf, Preview, TEXT_STEP } from "../ui/value.js";

const STEP = 50;

interface Props {
  items: readonly unknown[];
  /** the number of the first of `items` in the stream */
  base: number;
  /** while the reader looks at older ones, the list stands still */
  still: boolean;
}

/** The newest parts of a stream of values, each on a line that opens. */
export function Items({ items, base, still }: Props) {
  const [limit, grow] = useState(STEP);
  const held = useRef<number | null>(null);
  held.current = still ? (held.current ?? items.length) : null;
  const end = Math.min(held.current ?? items.length, items.length);
  const from = Math.max(0, end - limit);
  return (
    <>
      {from > 0 && (
        <button type="button" class="tw-more tw-earlier" onClick={() => grow(limit * 4)}>
          … {count(from)} earlier
        </button>
      )}
      <ol class="tw-items">
        {items.slice(from, end).map((item, i) => (
          <Item key={base + from + i} number={base + from + i + 1} value={item} />
        ))}
      </ol>
    </>
  );
}

function Item({ number, value }: { number: number; value: unknown }) {
  const [open, setOpen] = useState(false);
  const [limit, grow] = useState(TEXT_STEP);
  const foldable = isBranch(value) && size(value) > 0;
  return (
    <li class="tw-item">
      <span class="tw-number">{number}</span>
      {foldable ? (
        <div class="tw-item-value">
          <button type="button" class="tw-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
            <Icon name="chevron" />
            <span class="tw-item-line">
              <Preview value={value} budget={160} />
            </span>
          </button>
          {open && <Tree value={value} label={`Part ${number}`} />}
        </div>
      ) : (
        <span class="tw-item-value tw-item-leaf">
          {isBranch(value) ? <Preview value={value} /> : <Leaf value={value} limit={limit} onMore={() => grow(limit * 8)} />}
        </span>
      )}
    </li>
  );
}
