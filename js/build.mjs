// Builds the one bundle that the Python package carries.
//   node build.mjs            writes ../trigger_widgets/widgets/static/core.js
//   node build.mjs --check    exits 1 if the committed bundle is not what the sources give
//   node build.mjs --watch    writes again on every change
import { readFile, writeFile, mkdir } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { shortener } from "./names.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const OUT = here("../trigger_widgets/widgets/static/core.js");
// As it travels, and lies in notebooks: gzipped, in base64 (trigger_widgets/widgets/code.py).
const BUDGET = 78 * 1024;

/** Our own sources, with short names; `import css from "./style.css"` gives the minified text: the core carries its own style. */
export const sources = {
  name: "sources",
  setup(build) {
    let shorten;
    build.onStart(() => {
      shorten = shortener();
    });
    build.onLoad({ filter: /\.(css|tsx?)$/ }, async ({ path }) => {
      const source = shorten(await readFile(path, "utf8"));
      if (!path.endsWith(".css")) return { contents: source, loader: path.endsWith("x") ? "tsx" : "ts" };
      const { code } = await esbuild.transform(source, { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

export const options = {
  absWorkingDir: here("."),
  bundle: true,
  format: "esm",
  target: "es2022",
  // `h(…, child)` is shorter than `jsx(…, { children: child })`, and needs no other module.
  tsconfigRaw: { compilerOptions: { target: "es2022", jsx: "react", jsxFactory: "h", jsxFragmentFactory: "Fragment" } },
  inject: ["src/h.ts"],
  plugins: [sources],
  legalComments: "none",
  charset: "utf8",
  logLevel: "warning",
};
// Properties that never come from Python, nor go into the page, nor are written in quotes: of the
// markdown parser, of a field of a form, of a look.
const INNER = [
  "add_text|add_token|blockquote_idx|end_token|fence_end|fence_start|hr_chars?|indent_len|pending|renderer|set_attr|table_state|tokens",
  "hasDefault|nullable",
  "hopeless|newest|stale|tone",
];
export const core = {
  ...options,
  entryPoints: ["src/core.ts"],
  outfile: OUT,
  minify: true,
  mangleProps: new RegExp(`^(${INNER.join("|")})$`),
  // The parser's checks of itself.
  pure: ["console.assert"],
};

async function main(flag) {
  if (flag === "--watch") return (await esbuild.context(core)).watch();
  const built = (await esbuild.build({ ...core, write: false })).outputFiles[0].text;
  const size = Math.ceil((gzipSync(built).length * 4) / 3);
  const name = relative(process.cwd(), OUT);
  if (size > BUDGET) throw new Error(`${name} is ${size} bytes packed; the budget is ${BUDGET}.`);
  if (flag === "--check") {
    const committed = await readFile(OUT, "utf8").catch(() => null);
    if (committed !== built) throw new Error(`${name} is not current: run "npm run build" in js/ and commit it.`);
  } else {
    await mkdir(dirname(OUT), { recursive: true });
    await writeFile(OUT, built);
  }
  const kib = (bytes) => (bytes / 1024).toFixed(1);
  console.log(`${name}: ${kib(Buffer.byteLength(built))} KiB minified, ${kib(size)} KiB packed${flag === "--check" ? ", current" : ""}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv[2]).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
