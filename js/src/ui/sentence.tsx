/** A sentence of ours in which `backticks` mark what is typed. */
export function Sentence({ text }: { text: string }) {
  const parts = text.split("`");
  // An odd mark has no partner: then they are just characters.
  if (parts.length % 2 === 0) return <>{text}</>;
  return <>{parts.map((part, i) => (i % 2 ? <code>{part}</code> : part))}</>;
}
