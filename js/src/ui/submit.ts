import { useEffect, useRef } from "preact/hooks";

export const APPLE = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");

/** Ctrl+Enter or Cmd+Enter anywhere in `box`; the notebook must not run the cell for it. */
export function useSubmitKey(box: { readonly current: HTMLElement | null }, submit: () => void): void {
  const latest = useRef(submit);
  latest.current = submit;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      if (!box.current || !event.composedPath().includes(box.current)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      // A key that is held asks once.
      if (!event.repeat) latest.current();
    };
    // JupyterLab listens on the document in the capture phase: the window is earlier.
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, []);
}
