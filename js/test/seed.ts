/** The same code gets the same examples; `SEED=7 npx vitest run` looks for others. */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["SEED"] ?? 1) });
