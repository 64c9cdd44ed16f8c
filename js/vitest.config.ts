import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // As in the bundle, a style sheet is a string.
  plugins: [
    {
      name: "css-as-text",
      enforce: "pre",
      load: (id) => (id.endsWith(".css") ? `export default ${JSON.stringify(readFileSync(id, "utf8"))}` : null),
    },
  ],
  // Each file leaves the page as it found it (stage.ts, `clear`), so one jsdom and one set of modules do for all.
  test: { environment: "jsdom", include: ["test/**/*.test.{ts,tsx}"], isolate: false, setupFiles: ["test/seed.ts"], restoreMocks: true, testTimeout: 120_000 },
});
