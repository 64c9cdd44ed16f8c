// Builds what the Python package carries: the core, and the pieces that come when they are needed.
//   node build.mjs            writes ../trigger_widgets/widgets/static/*.js
//   node build.mjs --check    exits 1 if what is committed is not what the sources give
//   node build.mjs --watch    writes again on every change
//   node build.mjs --to DIR   writes elsewhere
import { readFile, writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { shortener } from "./names.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const OUT = here("../trigger_widgets/widgets/static/");
/** In bytes, minified. Each travels once, gzipped (trigger_widgets/widgets/code.py). */
const BUDGET = { core: 92 * 1024, forms: 43 * 1024, table: 36 * 1024 };

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
// markdown parser, of a field of a form, of a look, of a component. test/bundle.test.ts holds what
// comes out against the sources.
const INNER = [
  "add_text|add_token|blockquote_idx|end_token|fence_end|fence_start|hr_chars?|indent_len|pending|renderer|set_attr|table_state|tokens",
  "hasDefault|nullable",
  "hopeless|newest|stale|tone",
  "canceling|choosing|draft|libraries|pointers|problems|scales|settled|toProblem",
  "on(Columns|Confirm|Filter|Leave|More|Reconnect|Tall|Write)",
];
const travelling = {
  ...options,
  entryPoints: { core: "src/core.ts", forms: "src/pieces/forms.ts", table: "src/pieces/table.ts" },
  splitting: true,
  // One alone: a piece needs the core, and nothing of another piece.
  chunkNames: "shared",
  outdir: OUT,
  write: false,
  minify: true,
  mangleProps: new RegExp(`^(${INNER.join("|")})$`),
  // The parser's checks of itself.
  pure: ["console.assert"],
};

/**
 * What travels, by name. esbuild moves all that the pieces need of the core, which is all of it,
 * into a module that they import by a path; as blobs have none, a piece is a function of that module.
 */
export async function build() {
  const { outputFiles } = await esbuild.build(travelling);
  const { core, shared, ...pieces } = Object.fromEntries(outputFiles.map(({ path, text }) => [path.slice(OUT.length, -".js".length), text.trim()]));
  const [, alias] = /^import\{(\w+) as (?:\w+)\}from"\.\/shared\.js";export\{\w+ as render\};$/.exec(core) ?? [];
  const [, local] = new RegExp(`[{,](\\w+) as ${alias}[,}]`).exec(shared.slice(shared.lastIndexOf("export{"))) ?? [];
  if (!local) throw new Error("esbuild has divided the core in another way: see build() in build.mjs.");
  const built = { core: `${shared}export{${local} as render};\n` };
  for (const [name, text] of Object.entries(pieces)) {
    const [head, names] = /^import\{([^}]*)\}from"\.\/shared\.js";/.exec(text) ?? [];
    if (!head || /\b(import|export)[{"'*]/.test(text.slice(head.length))) throw new Error(`The piece ${name} imports or exports more than it should.`);
    built[name] = `let come;export default core=>{if(come)return;come=1;const{${names.replaceAll(" as ", ":")}}=core;${text.slice(head.length)}};\n`;
  }
  return built;
}

async function main(flag, out = OUT) {
  if (flag === "--watch") {
    const again = { name: "again", setup: ({ onEnd }) => onEnd(() => main().catch((error) => console.error(error.message))) };
    return (await esbuild.context({ ...travelling, plugins: [...travelling.plugins, again] })).watch();
  }
  await mkdir(out, { recursive: true });
  for (const [name, text] of Object.entries(await build())) {
    const file = join(out, `${name}.js`);
    const size = Buffer.byteLength(text);
    if (size > BUDGET[name]) throw new Error(`${name} is ${size} bytes; the budget is ${BUDGET[name]}.`);
    if (flag !== "--check") await writeFile(file, text);
    else if ((await readFile(file, "utf8").catch(() => null)) !== text) throw new Error(`${name}.js is not current: run "npm run build" in js/ and commit it.`);
    const kib = (bytes) => (bytes / 1024).toFixed(1);
    console.log(`${name}: ${kib(size)} KiB minified, ${kib((gzipSync(text).length * 4) / 3)} KiB packed${flag === "--check" ? ", current" : ""}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(...process.argv.slice(2)).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
