/** The style of the core, one sheet after the other: what comes later may refine what came before. */
import markdown from "../markdown/style.css";
import run from "../run/style.css";
import stream from "../stream/style.css";
import values from "../stream/values.css";
import badge from "./badge.css";
import button from "./button.css";
import card from "./card.css";
import check from "./check.css";
import progress from "./progress.css";
import section from "./section.css";
import state from "./state.css";
import tokens from "./tokens.css";
import value from "./value.css";

export const css = [tokens, card, badge, button, check, progress, section, value, run, state, stream, markdown, values].join("");
