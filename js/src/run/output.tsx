import { Copy } from "../ui/copy.js";
import { asText, isBranch, size } from "../ui/json.js";
import { Section } from "../ui/section.js";
import { Text } from "../ui/text.js";
import { Tree } from "../ui/tree.js";
import { Preview, Tokens } from "../ui/value.js";

const LINE = 90;

/** What a task returned: a scalar on the title's line, text as text, the rest as a tree. */
export function Output({ value, name = "output", title = "Output" }: { value: unknown; name?: string; title?: string }) {
  const copy = <Copy label={`Copy ${title.toLowerCase()}`} text={() => asText(value)} />;
  if (isBranch(value) && size(value) > 0) {
    return (
      <Section title={title} name={name} tools={copy} preview={<Preview value={value} />}>
        <Tree value={value} label={title} />
      </Section>
    );
  }
  if (typeof value === "string" && (value.length > LINE || value.includes("\n"))) {
    return (
      <Section title={title} name={name} tools={copy} preview={value.slice(0, LINE)}>
        <Text text={value} />
      </Section>
    );
  }
  const inline =
    typeof value === "string" && value !== "" ? (
      <span class="tw-plain">{value}</span>
    ) : isBranch(value) ? (
      <Tokens of={[["p", Array.isArray(value) ? "[ ]" : "{ }"]]} />
    ) : (
      <Preview value={value} />
    );
  return <Section title={title} name={name} tools={copy} inline={inline} />;
}

export function NoOutput() {
  return <Section title="Output" name="output" inline={<span class="tw-dim">none</span>} />;
}
