// The peer: the official SDK as released. Lines of JSON ask for one of `work`, lines answer.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(process.env.SDK_FROM);
const { runs, streams } = require("@trigger.dev/sdk");

// aborting the SDK's iterators may throw this from nowhere
process.on("uncaughtException", (error) => {
  if (error.code !== "ERR_INVALID_STATE") throw error;
});

let asked = 0;
const { fetch } = globalThis;
globalThis.fetch = (...request) => {
  asked += 1;
  return fetch(...request);
};

const now = () => performance.timeOrigin + performance.now();
const following = new Map();

const work = {
  /** Subscribe to each run, and stay. */
  hold({ ids }) {
    for (const id of ids) {
      (async () => {
        for await (const _run of runs.subscribeToRun(id));
      })().catch(() => {});
    }
  },

  /** How many requests were made so far. */
  asked: () => asked,

  /** Leave behind nothing that nobody needs. */
  tidy: () => globalThis.gc(),

  /** Seconds until the `count`th part of a stream is there. */
  async read({ run, stream, count }) {
    const began = performance.now();
    let seen = 0;
    for await (const _part of await streams.read(run, stream, { timeoutInSeconds: 300 })) {
      if (++seen === count) break;
    }
    return (performance.now() - began) / 1000;
  },

  /** Seconds until a tag's feed has shown `count` runs. */
  async readTag({ tag, count }) {
    const began = performance.now();
    const seen = new Set();
    for await (const run of runs.subscribeToRunsWithTag(tag)) {
      seen.add(run.id);
      if (seen.size === count) break;
    }
    return (performance.now() - began) / 1000;
  },
  /** Begin to read, and keep when each part was there (ms since 1970). */
  async follow({ run, stream }) {
    const arrivals = [];
    following.set(run, arrivals);
    const parts = await streams.read(run, stream, { timeoutInSeconds: 300 });
    (async () => {
      for await (const _part of parts) arrivals.push(now());
    })().catch(() => {});
    return true;
  },

  /** When each of the first `count` parts was there. */
  async arrivals({ run, count }) {
    const arrivals = following.get(run);
    while (arrivals.length < count) await new Promise((next) => setTimeout(next, 5));
    return arrivals.slice(0, count);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { what, ...input } = JSON.parse(line);
  let answer;
  try {
    answer = { value: await work[what](input) };
  } catch (error) {
    answer = { error: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
