// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
// @ts-expect-error - a part of the build, which has no types
import { shortener } from "../names.mjs";
import { lookOf } from "../src/run/status.js";

const shorten = shortener() as (text: string) => string;
const here = (path: string) => new URL(path, import.meta.url);

describe("names in the bundle", () => {
  test("a class and a custom property get short in scripts and styles alike", () => {
    const [styled, , scripted] = shorten(".tw-section-head{color:var(--tw-dim)} tw-section-head").split(/[.{ ]/).slice(1);
    expect(styled).toMatch(/^tw[A-Z]{1,2}$/i);
    expect(scripted ?? styled).toBe(styled);
    expect(shorten("var(--tw-dim)")).toMatch(/^var\(--tw\w{1,2}\)$/);
  });

  test("no two names become one", () => {
    const all = readdirSync(here("../src/"), { recursive: true }).map(String).filter((file) => file.endsWith(".css"));
    const names = new Set(all.flatMap((file) => readFileSync(here(`../src/${file}`), "utf8").match(/(?:--)?tw-[a-z0-9-]+/g) ?? []));
    expect(new Set([...names].map(shorten)).size).toBe(names.size);
  });

  test("what is put together from a word is left as it is", () => {
    for (const status of ["QUEUED", "EXECUTING", "WAITING", "COMPLETED", "FAILED", "CANCELED"]) {
      const name = `tw-${lookOf({ status }).tone}`;
      expect(shorten(name)).toBe(name);
    }
    for (const name of ["tw-td-time", "tw-icon-chevron", "tw-row-branch", "tw-s", "tw-dim", "tw-fault", "tw-field-wide"]) expect(shorten(name)).toBe(name);
  });

  test.each(["tests/browser", "benchmarks", "scripts", "trigger_widgets/widgets"])("what %s goes by is left as it is", (folder) => {
    const root = here(`../../${folder}/`);
    for (const file of readdirSync(root).filter((name) => name.endsWith(".py"))) {
      for (const [name] of readFileSync(new URL(file, root), "utf8").matchAll(/(?<=[."' ])tw-[a-z-]+\b(?!-)/g)) expect(shorten(name), `${file}: add ${name} to PUBLIC in names.mjs`).toBe(name);
    }
  });
});
