// Shorter names in the bundle: a class or a custom property that only the core itself knows is
// written `tw-section-head` in the sources and `twB` in what travels.
import { readdirSync, readFileSync } from "node:fs";

const SOURCES = new URL("src/", import.meta.url);
const NAME = /(?<![\w-])(?:--)?tw-[a-z0-9-]*[a-z0-9](?![\w-]|\$\{)/g;
const FAMILY = /(?<![\w-])tw-[a-z0-9-]+-(?=\$\{)/g;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** What others go by: static copies, tests in a browser, pictures, and those who read README.md. */
export const PUBLIC = words(
  "root static card badge run runs streaming telling approval input trigger child chip thead tbody open foot why",
);
/** What the sources put together from `tw-` and a word: tones, tokens, remarks. */
const COMPOSED = words("run ok wait bad idle off quiet all k p s n b dim fault hint cannot");

function words(text) {
  return text.split(" ").map((word) => `tw-${word}`);
}

/** Every name of the sources that may be shortened, with its short form; the most written ones get the shortest. */
function shortened() {
  const files = readdirSync(SOURCES, { recursive: true }).filter((file) => /\.(css|tsx?)$/.test(file)).sort();
  const texts = files.map((file) => [file, readFileSync(new URL(file, SOURCES), "utf8")]);
  const uses = new Map();
  const scripted = new Set();
  const families = new Set();
  for (const [file, text] of texts) {
    const script = !file.endsWith(".css");
    for (const [family] of text.matchAll(FAMILY)) families.add(family);
    for (const [name] of text.matchAll(NAME)) {
      uses.set(name, (uses.get(name) ?? 0) + 1);
      if (script) scripted.add(name);
    }
  }
  const kept = new Set([...PUBLIC, ...COMPOSED]);
  // A class that no script writes whole may be one that it puts together.
  const free = ([name]) => name.startsWith("--") || (scripted.has(name) && !kept.has(name) && ![...families].some((family) => name.startsWith(family)));
  const order = ([a, n], [b, m]) => m - n || (a < b ? -1 : 1);
  return new Map([...uses].filter(free).sort(order).map(([name], i) => [name, `${name.startsWith("--") ? "--" : ""}tw${letters(i)}`]));
}

function letters(i) {
  return i < LETTERS.length ? LETTERS[i] : letters(Math.floor(i / LETTERS.length) - 1) + LETTERS[i % LETTERS.length];
}

/** A function from a source to the same with short names; made anew for every build. */
export function shortener() {
  const names = shortened();
  return (text) => text.replace(NAME, (name) => names.get(name) ?? name);
}
