// A page that plays one of the official React hooks, as released, and shows what the hook gives:
//   play(scene, args, {accessToken, baseURL})   then `seen` is its state, `act` what it can do.
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import * as hooks from "@trigger.dev/react-hooks";

const root = createRoot(document.getElementById("root"));

/** The hook's state with its functions apart: they are called from outside, as a button would. */
function Scene({ hook, args }) {
  const state = hooks[hook](...args);
  window.act = Object.fromEntries(Object.entries(state).filter(([, v]) => typeof v === "function"));
  window.seen = JSON.parse(
    JSON.stringify(state, (_, value) => (value instanceof Error ? { message: value.message } : value)),
  );
  return createElement("pre", null, JSON.stringify(window.seen, null, 2));
}

let played = 0;
window.play = (hook, args, config) => {
  window.seen = null;
  root.render(
    createElement(
      hooks.TriggerAuthContext.Provider,
      { value: config },
      createElement(Scene, { key: ++played, hook, args }),
    ),
  );
};
