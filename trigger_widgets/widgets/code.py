"""Front-end code that travels once.

A notebook stores `_esm` once for each widget it holds. So the code is the trait of one hidden
model a kernel, and each widget's own `_esm` is a stub that fetches it from there. Measured: works
live, after a reload, in a notebook reopened from saved state without a kernel, in the HTML of
nbconvert, and in marimo (which hands on every trait but `_esm`, hence the trait `code`). It is
gzipped there, a third of its size, because it also lies in every notebook that saves its widgets.
The forms and the table are pieces with a hidden model each, made with the first widget that needs
it: a notebook without them neither gets nor keeps them.
"""

from __future__ import annotations

import base64
import gzip
from pathlib import Path
from typing import Any

import anywidget
import traitlets

STATIC = Path(__file__).parent / "static"

# At most 2 KiB. Its cache lives on globalThis because every stub is a module of its own; a new
# kernel has a new model, hence a new id.
STUB = """
const prefix = "IPY_MODEL_";
function load(model, part) {
  const id = model.get(part).slice(prefix.length);
  const cache = (globalThis.__trigger_widgets ??= new Map());
  if (!cache.has(id)) {
    cache.set(id, (async () => {
      const holder = await model.widget_manager.get_model(id);
      const packed = Uint8Array.from(atob(holder.get("code")), (c) => c.charCodeAt(0));
      const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
      const source = new Blob([await new Response(unpacked).text()], { type: "text/javascript" });
      const url = URL.createObjectURL(source);
      try { return await import(url); } finally { URL.revokeObjectURL(url); }
    })());
    cache.get(id).catch(() => cache.delete(id));
  }
  return cache.get(id);
}
// anywidget gives each view a model object of its own; that of `initialize` stands for all of them.
export default () => {
  let shared;
  return {
    initialize({ model }) { shared = model; },
    async render({ model, el }) {
      try {
        const core = await load(model, "_core");
        const more = async (model) => (await load(model, "_more")).default(core);
        return core.render({ model: shared ?? model, el, more });
      } catch (error) {
        const note = document.createElement("div");
        note.className = "tw-root";
        note.textContent = "This widget's code is no longer in the notebook; run the cell again.";
        note.title = String(error);
        el.append(note);
      }
    },
  };
};
""".strip()


class _Code(anywidget.AnyWidget):
    """A hidden model that carries code for every widget of this kernel, gzipped in base64."""

    _esm = "export default {};"
    code = traitlets.Unicode().tag(sync=True)


_carried: dict[str, _Code] = {}


def packed_code(name: str) -> str:
    """A part of the front end as it travels; the same bytes every time."""
    source = (STATIC / f"{name}.js").read_bytes()
    return base64.b64encode(gzip.compress(source, mtime=0)).decode("ascii")


def code_reference(name: str) -> str:
    """`IPY_MODEL_<id>` of the hidden model of a part, which is made when first asked for."""
    carrier = _carried.get(name)
    if carrier is None or carrier.comm is None:
        carrier = _carried[name] = _Code(code=packed_code(name))
    return f"IPY_MODEL_{carrier.model_id}"


def mimebundle(widget: Any, text: str) -> dict[str, Any]:
    """The output that makes a front end show `widget`, and `text` where there is none."""
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    return {"application/vnd.jupyter.widget-view+json": view, "text/plain": text}
