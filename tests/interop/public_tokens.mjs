import { auth, batch, runs, tasks, wait } from "@trigger.dev/sdk";

import { endedRuns, failureOf, play, statesOf } from "./official.mjs";

const once = { retry: { maxAttempts: 1 } };

/** What a browser with this token can do with a run and with others. */
async function withToken(accessToken, { id, otherId, tag }) {
  return auth.withAuth({ accessToken }, async () => ({
    retrieve: await runs.retrieve(id),
    states: await statesOf(runs.subscribeToRun(id)),
    other: await failureOf(() => runs.retrieve(otherId)),
    cancel: await failureOf(() => runs.cancel(id)),
    list: await failureOf(() => runs.list({ tag })),
    createToken: await failureOf(() => wait.createToken({}, once)),
    trigger: await failureOf(() => tasks.trigger("square", { n: 1 })),
  }));
}

await play({
  async create({ options }) {
    return auth.createPublicToken(options);
  },

  async useTheirs(given) {
    return withToken(await auth.createPublicToken({ scopes: given.scopes }), given);
  },

  async useOurs({ token, ...given }) {
    return withToken(token, given);
  },

  async cancelWith({ token, id }) {
    return auth.withAuth({ accessToken: token }, () => runs.cancel(id));
  },

  async followTagsWith({ token, tag, count }) {
    return auth.withAuth({ accessToken: token }, () => {
      return endedRuns(runs.subscribeToRunsWithTag(tag), count);
    });
  },

  async followTheirBatch({ items }) {
    const handle = await tasks.batchTrigger("square", items);
    return auth.withAuth({ accessToken: handle.publicAccessToken }, async () => ({
      id: handle.batchId,
      followed: await endedRuns(runs.subscribeToBatch(handle.batchId), items.length),
      batch: await batch.retrieve(handle.batchId),
    }));
  },

  async triggerOnce({ task, otherTask }) {
    const accessToken = await auth.createTriggerPublicToken(task);
    return auth.withAuth({ accessToken }, async () => ({
      other: await failureOf(() => tasks.trigger(otherTask, { n: 3 })),
      first: await tasks.trigger(task, { n: 3 }),
      second: await failureOf(() => tasks.trigger(task, { n: 3 })),
    }));
  },

  async triggerWith({ token, task, payload }) {
    return auth.withAuth({ accessToken: token }, () => tasks.trigger(task, payload));
  },
});
