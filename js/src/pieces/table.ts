/** The card of many runs. It travels with the first of them that a kernel makes. */
import "../core.js";
import runs from "../runs/style.css";
import table from "../runs/table.css";
import view from "../runs/view.css";
import { RunsCard } from "../runs/card.js";
import { add } from "../views.js";

add({ runs: RunsCard }, runs, view, table);
