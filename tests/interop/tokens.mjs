import { auth, wait } from "@trigger.dev/sdk";

import { failureOf, play } from "./official.mjs";

await play({
  async create({ options }) {
    return wait.createToken(options);
  },

  async retrieve({ id }) {
    return wait.retrieveToken(id);
  },

  async complete({ id, data }) {
    return wait.completeToken(id, data);
  },

  async list({ query, most }) {
    const found = [];
    for await (const token of wait.listTokens(query)) {
      found.push(token);
      if (found.length >= most) break;
    }
    return found;
  },

  // as a page does that was given the token's own public token: complete, and nothing else
  async completeWithItsOwnToken({ options, data }) {
    const token = await wait.createToken(options);
    const other = await wait.createToken({ timeout: "1h" });
    return auth.withAuth({ accessToken: token.publicAccessToken }, async () => ({
      id: token.id,
      completed: await wait.completeToken(token, data),
      other: await failureOf(() => wait.completeToken(other, data)),
      retrieve: await failureOf(() => wait.retrieveToken(token)),
    }));
  },

  async completeByUrl({ url, data }) {
    const body = JSON.stringify(data);
    const headers = { "content-type": "application/json" };
    return (await fetch(url, { method: "POST", headers, body })).json();
  },

  async failures() {
    return {
      retrieve: await failureOf(() => wait.retrieveToken("waitpoint_unknown")),
      complete: await failureOf(() => wait.completeToken("waitpoint_unknown", 1)),
    };
  },
});
