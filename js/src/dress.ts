import { sheets } from "./views.js";

/** Put the style where it reaches `el`: once into the page, or into the shadow root it is in. */
export function dress(el: Element): void {
  const home = el.getRootNode();
  if (home instanceof ShadowRoot) return adopt(home);
  adopt(document.head);
  // JupyterLab draws a view before it attaches it; only then is a shadow root seen.
  if (home !== document) {
    requestAnimationFrame(() => {
      const later = el.getRootNode();
      if (later instanceof ShadowRoot) adopt(later);
    });
  }
}

function adopt(home: ParentNode & Node): void {
  const worn = new Set([...home.querySelectorAll("style[data-tw]")].map((style) => style.textContent));
  for (const css of sheets) {
    if (worn.has(css)) continue;
    const style = document.createElement("style");
    style.dataset["tw"] = "";
    style.textContent = css;
    home.append(style);
  }
}
