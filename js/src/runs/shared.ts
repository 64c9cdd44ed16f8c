import { useEffect, useRef, useState } from "preact/hooks";

/**
 * Something that a person chooses here and the kernel keeps: it is so at once, and what the kernel
 * tells counts again when it has answered, or when somebody else chose.
 */
export function useShared<T>(told: T, send: (value: T) => Promise<boolean>): [value: T, choose: (value: T) => void] {
  const [own, choose] = useState<{ value: T } | null>(null);
  const pending = useRef(0);
  const key = JSON.stringify(told);
  useEffect(() => {
    if (own && (pending.current === 0 || JSON.stringify(own.value) === key)) choose(null);
  }, [key]);
  return [
    own ? own.value : told,
    (value) => {
      choose({ value });
      pending.current += 1;
      void send(value).then((done) => {
        pending.current -= 1;
        if (!done) choose((was) => (was?.value === value ? null : was));
      });
    },
  ];
}
