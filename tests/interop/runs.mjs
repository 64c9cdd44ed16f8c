import { auth, idempotencyKeys, runs, schedules, tasks } from "@trigger.dev/sdk";

import { failureOf, hasEnded, play, say, statesOf } from "./official.mjs";

await play({
  async triggerAndPoll({ task, payload, options }) {
    const handle = await tasks.trigger(task, payload, options);
    const run = await runs.poll(handle.id, { pollIntervalMs: 50 });
    return { handle: { ...handle, publicAccessToken: typeof handle.publicAccessToken }, run };
  },

  async richPayload({ task }) {
    const payload = { when: new Date(0), tags: new Set(["a"]), big: 12345678901234567890n };
    const handle = await tasks.trigger(task, payload);
    return runs.poll(handle.id, { pollIntervalMs: 50 });
  },

  async follow({ task, payload, options }) {
    const handle = await tasks.trigger(task, payload);
    return statesOf(runs.subscribeToRun(handle.id, options));
  },

  // the test cancels the run as soon as it is told that it executes
  async followUntilCanceled({ task, payload }) {
    const handle = await tasks.trigger(task, payload);
    let last;
    for await (const run of runs.subscribeToRun(handle.id)) {
      last = run;
      await say({ id: run.id, status: run.status });
      if (hasEnded(run)) break;
    }
    return last;
  },

  async cancelAnother({ id }) {
    await runs.cancel(id);
    return (await statesOf(runs.subscribeToRun(id))).at(-1);
  },

  async list({ query, most }) {
    const found = [];
    for await (const run of runs.list(query)) {
      found.push(run);
      if (found.length >= most) break;
    }
    return found;
  },

  async idempotency({ task }) {
    const key = await idempotencyKeys.create("a key", { scope: "global" });
    const first = await tasks.trigger(task, 1, { idempotencyKey: key });
    const second = await tasks.trigger(task, 2, { idempotencyKey: key });
    const other = await tasks.trigger(task, 3, { idempotencyKey: "another key" });
    return { key, ids: [first.id, second.id, other.id] };
  },

  async delayed({ task }) {
    const handle = await tasks.trigger(task, 1, { delay: "1h" });
    const before = await runs.retrieve(handle.id);
    await runs.cancel(handle.id);
    return { before, after: await runs.retrieve(handle.id) };
  },

  async failures({ task }) {
    // the server says that an unknown run is worth asking for again, which takes the SDK 9 s
    const once = { retry: { maxAttempts: 1 } };
    return {
      retrieve: await failureOf(() => runs.retrieve("run_unknown", once)),
      cancel: await failureOf(() => runs.cancel("run_unknown")),
      tags: await failureOf(() => tasks.trigger(task, 1, { tags: [..."abcdefghijk"] })),
      notHere: await failureOf(() => schedules.list()),
      wrongKey: await auth.withAuth({ accessToken: "tr_dev_wrong" }, () => {
        return failureOf(() => runs.retrieve("run_unknown"));
      }),
    };
  },
});
