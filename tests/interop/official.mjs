// What the scripts share. Each is a table of scenes of the official SDK; a test runs one scene in a
// process of its own, `node <script> <scene> <JSON input>`, and reads lines of JSON: what a scene
// says while it goes on, and last {"result": …} or {"error": …}.
//
// The SDK as released (4.5.12) has ways that a script must not wait for: iterators over a run, a tag
// or a batch do not end with the runs, those that get a 403 or 404 hang, and aborting one may throw
// ERR_INVALID_STATE from nowhere. So a scene leaves its loop as soon as it has seen the end, and the
// process exits by itself whatever is still open.

process.on("uncaughtException", (error) => {
  if (error.code !== "ERR_INVALID_STATE") fail(error);
});
process.on("unhandledRejection", fail);

setTimeout(() => fail(new Error("the scene has not ended within 30 s")), 30_000);

/** Whether the run has ended: the SDK's own rule, and the one that holds for canceled runs too. */
export const hasEnded = (run) => Boolean(run.finishedAt);

/** One line for the test, now. */
export function say(value) {
  return new Promise((written) => {
    process.stdout.write(`${JSON.stringify(value)}\n`, written);
  });
}

/** Run the scene that the command names, and exit. */
export async function play(scenes) {
  const [name, input] = process.argv.slice(2);
  await say({ result: await scenes[name](JSON.parse(input)) });
  process.exit(0);
}

/** The states of a run from its feed, up to the last one. */
export async function statesOf(subscription) {
  const states = [];
  for await (const run of subscription) {
    states.push(run);
    if (hasEnded(run)) break;
  }
  return states;
}

/** The runs of a feed of many, by their ids, when `count` of them have ended. */
export async function endedRuns(subscription, count) {
  const runs = new Map();
  for await (const run of subscription) {
    runs.set(run.id, run);
    if ([...runs.values()].filter(hasEnded).length >= count) break;
  }
  return [...runs.values()];
}

/** What a call fails with: the SDK's class, the HTTP status and the server's words. */
export async function failureOf(call) {
  try {
    return { result: await call() };
  } catch (error) {
    return described(error);
  }
}

function described(error) {
  return { name: error.constructor.name, status: error.status, message: String(error.message) };
}

async function fail(error) {
  await say({ error: { ...described(error), stack: error.stack } });
  process.exit(1);
}
