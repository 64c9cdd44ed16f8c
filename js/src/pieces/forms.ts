/** The cards that ask somebody something. They travel with the first of them that a kernel makes. */
import "../core.js";
import approval from "../approval/style.css";
import { ApprovalCard } from "../approval/card.js";
import form from "../form/style.css";
import input from "../input/style.css";
import { InputCard } from "../input/card.js";
import trigger from "../trigger/style.css";
import { TriggerCard } from "../trigger/card.js";
import { add } from "../views.js";

add({ approval: ApprovalCard, input: InputCard, trigger: TriggerCard }, form, approval, input, trigger);
