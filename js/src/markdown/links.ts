/** Where a link of a task's text may lead: out, to the web or to a mailbox. Nothing else is a link. */
const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** The address in the parentheses of a markdown link, without title; null if it may not be followed. */
export function safeLink(raw: string): string | null {
  const address = /^\s*<?([^\s<>]*)/.exec(raw)?.[1] ?? "";
  try {
    const url = new URL(address);
    return SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** Make `a` lead there, without telling there who sent the reader or handing over this page. */
export function lead(a: HTMLAnchorElement, href: string): void {
  a.href = href;
  a.title = href;
  a.target = "_blank";
  a.rel = "noopener noreferrer nofollow";
}

/** What was written right after an address and is not part of it: ").", for example. */
export function trailing(address: string): string {
  let end = address.length;
  for (; end > 0; end--) {
    const last = address.charAt(end - 1);
    const closes = last === ")" && !balanced(address.slice(0, end));
    if (!closes && !/[.,;:!?'"*_~>\]|]/.test(last)) break;
  }
  return address.slice(end);
}

function balanced(text: string): boolean {
  return text.split(")").length <= text.split("(").length;
}
