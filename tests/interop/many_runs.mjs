import { batch, runs, tasks } from "@trigger.dev/sdk";

import { endedRuns, play, say } from "./official.mjs";

await play({
  async batchTrigger({ task, items }) {
    const handle = await tasks.batchTrigger(task, items);
    const followed = await endedRuns(runs.subscribeToBatch(handle.batchId), items.length);
    return { handle, followed, batch: await batch.retrieve(handle.batchId) };
  },

  async followBatch({ id, count }) {
    return endedRuns(runs.subscribeToBatch(id), count);
  },

  async retrieveBatch({ id }) {
    return batch.retrieve(id);
  },

  // the test triggers `later` runs of its own when it has been told of the first
  async followTags({ tags, task, later }) {
    const first = await tasks.trigger(task, { n: 1 }, { tags });
    const seen = new Map();
    for await (const run of runs.subscribeToRunsWithTag(tags, { createdAt: "1h" })) {
      seen.set(run.id, run);
      if (run.id === first.id && run.finishedAt) await say({ first: run.id });
      const ended = [...seen.values()].filter((each) => each.finishedAt);
      if (ended.length === 1 + later) break;
    }
    return [...seen.values()];
  },
});
