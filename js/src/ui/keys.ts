/**
 * Keys pressed inside a card are the card's.
 *
 * JupyterLab takes Enter, arrows and letters as commands of the notebook even when a button in an
 * output has the focus. It leaves alone what carries `data-lm-suppress-shortcuts`; that must not
 * be there for Ctrl+S or Shift+Enter, which belong to the notebook, except that Shift+Enter begins
 * a line where there are lines. Lab listens on the document in the capture phase, so the window is
 * the one place that is earlier.
 */
export function hostKeys(root: HTMLElement): () => void {
  const decide = (event: KeyboardEvent): void => {
    if (!event.composedPath().includes(root)) return;
    const notebooks = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter" && !isLines(event.composedPath()[0]));
    root.toggleAttribute("data-lm-suppress-shortcuts", !notebooks);
  };
  window.addEventListener("keydown", decide, true);
  return () => window.removeEventListener("keydown", decide, true);
}

const isLines = (target: EventTarget | undefined): boolean => target instanceof HTMLTextAreaElement;
