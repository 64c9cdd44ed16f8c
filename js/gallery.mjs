// Builds the gallery and takes its pictures: `npm run gallery` writes gallery-out/*.png.
// CHROMIUM names another browser; `npm run gallery -- stream` takes the pictures of which the name
// has the word; `npm run gallery -- --serve` only serves the page.
import { execFile } from "node:child_process";
import { mkdir, copyFile } from "node:fs/promises";
import { promisify } from "node:util";
import * as esbuild from "esbuild";
import { options } from "./build.mjs";

const out = new URL("gallery-out/", import.meta.url).pathname;
// A window of Chromium is never narrower than 500 px; the page makes itself narrow.
const shots = [
  ["light-1200", "theme=light", 1200, 3900],
  ["dark-1200", "theme=dark", 1200, 3900],
  ["light-340", "theme=light&width=340", 500, 5600],
  ["dark-340", "theme=dark&width=340", 500, 5600],
  ["run-log-900", "theme=light&width=900&open=log&only=executing", 900, 2400],
  ["run-details-900", "theme=dark&width=900&open=details&only=completed", 900, 4200],
  ["run-payload-340", "theme=light&width=340&open=payload&only=executing", 500, 3200],
  ["run-agent-900", "theme=light&width=900&only=agent", 900, 2200],
  ["run-agent-dark-340", "theme=dark&width=340&only=agent", 500, 2600],
  ["run-replayed-900", "theme=dark&width=900&only=replayed", 900, 900],
  ["none-1200", "theme=none", 1200, 3900],
  ["stream-light-900", "kind=stream&theme=light&width=900", 900, 9400],
  ["stream-dark-900", "kind=stream&theme=dark&width=900", 900, 9400],
  ["stream-light-340", "kind=stream&theme=light&width=340", 500, 9400],
  ["stream-dark-340", "kind=stream&theme=dark&width=340", 500, 9400],
  ["approval-light-900", "kind=approval&theme=light&width=900", 900, 5200],
  ["approval-dark-900", "kind=approval&theme=dark&width=900", 900, 5200],
  ["approval-light-340", "kind=approval&theme=light&width=340", 500, 6200],
  ["approval-dark-340", "kind=approval&theme=dark&width=340", 500, 6200],
  ["input-light-900", "kind=input&theme=light&width=900", 900, 4800],
  ["input-dark-900", "kind=input&theme=dark&width=900", 900, 4800],
  ["input-light-340", "kind=input&theme=light&width=340", 500, 6400],
  ["input-dark-340", "kind=input&theme=dark&width=340", 500, 6400],
  ["runs-light-1000", "kind=runs&theme=light&width=1000", 1000, 7600],
  ["runs-dark-1000", "kind=runs&theme=dark&width=1000", 1000, 7600],
  ["runs-light-640", "kind=runs&theme=light&width=640", 640, 8800],
  ["runs-light-340", "kind=runs&theme=light&width=340", 500, 10400],
  ["runs-dark-340", "kind=runs&theme=dark&width=340", 500, 10400],
  ["trigger-light-900", "kind=trigger&theme=light&width=900", 900, 6600],
  ["trigger-dark-900", "kind=trigger&theme=dark&width=900", 900, 6600],
  ["trigger-light-340", "kind=trigger&theme=light&width=340", 500, 9600],
  ["trigger-dark-340", "kind=trigger&theme=dark&width=340", 500, 9600],
];

await mkdir(out, { recursive: true });
await copyFile(new URL("gallery.html", import.meta.url), `${out}index.html`);
const context = await esbuild.context({ ...options, entryPoints: ["gallery.ts"], outfile: `${out}gallery.js`, sourcemap: "inline" });
await context.rebuild();
const { port } = await context.serve({ servedir: out, host: "127.0.0.1" });
const page = `http://127.0.0.1:${port}/`;
if (process.argv.includes("--serve")) {
  console.log(page);
} else {
  for (const [name, query, width, height] of shots) {
    if (!name.includes(process.argv[2] ?? "")) continue;
    const file = `${out}${name}.png`;
    await promisify(execFile)(process.env.CHROMIUM ?? "chromium", [
      "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=2500",
      `--window-size=${width},${height}`, `--screenshot=${file}`, `${page}?${query}`,
    ]);
    console.log(file);
  }
  await context.dispose();
}
