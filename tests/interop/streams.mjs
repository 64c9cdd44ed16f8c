import { auth, configure, runs, streams, tasks } from "@trigger.dev/sdk";

import { hasEnded, play } from "./official.mjs";

/** The first `count` parts; the server ends no stream, so nobody can wait for more. */
async function partsOf(stream, count) {
  const parts = [];
  if (count === 0) return parts;
  for await (const part of stream) {
    parts.push(part);
    if (parts.length >= count) break;
  }
  return parts;
}

/** Trigger a task whose streams have this version; the server's answers decide how they are read. */
function triggered(task, payload, version) {
  configure({ future: { v2RealtimeStreams: version === "v2" } });
  return tasks.trigger(task, payload);
}

await play({
  async triggerAndRead({ version, parts }) {
    const { id } = await triggered("writes", { parts }, version);
    return { id, parts: await partsOf(await streams.read(id, "out"), parts.length) };
  },

  async read({ id, stream, count, startIndex }) {
    return partsOf(await streams.read(id, stream, { startIndex }), count);
  },

  // after the silence it asked for the server closes the stream: the one end there is
  async readToTheSilence({ id, stream }) {
    return partsOf(await streams.read(id, stream, { timeoutInSeconds: 1 }), Infinity);
  },

  async send({ id, stream, data }) {
    const input = streams.input({ id: stream });
    for (const each of data) await input.send(id, each);
    return data.length;
  },

  async readWithNarrowToken({ id, stream, count }) {
    const accessToken = await auth.createPublicToken({ scopes: { read: { runs: [id] } } });
    return auth.withAuth({ accessToken }, async () => {
      return partsOf(await streams.read(id, stream), count);
    });
  },

  async followWithStreams({ version, parts }) {
    const { id } = await triggered("writes", { parts }, version);
    const seen = [];
    let run;
    for await (const part of runs.subscribeToRun(id).withStreams()) {
      if (part.type === "run") run = part.run;
      else seen.push([part.type, part.chunk]);
      if (seen.length >= parts.length && hasEnded(run)) break;
    }
    return { id, seen, streams: run.realtimeStreams };
  },
});
