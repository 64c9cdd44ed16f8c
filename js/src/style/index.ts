/** The style of every card, one sheet after the other: what comes later may refine what came before. */
import approval from "../approval/style.css";
import form from "../form/style.css";
import input from "../input/style.css";
import run from "../run/style.css";
import runs from "../runs/style.css";
import stream from "../stream/style.css";
import trigger from "../trigger/style.css";
import badge from "./badge.css";
import button from "./button.css";
import card from "./card.css";
import progress from "./progress.css";
import section from "./section.css";
import state from "./state.css";
import tokens from "./tokens.css";
import value from "./value.css";

export const css = [tokens, card, badge, button, progress, section, value, run, state, form, stream, approval, input, runs, trigger].join("");
