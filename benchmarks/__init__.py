"""How fast we are, beside a peer, in one run: `make bench`, or `python -m benchmarks [AREA]`.

A benchmark is a function in `<area>_<what>.py` (client, engine, widgets) that `@benchmark` makes
known; it yields a `Row` for each thing it has measured. `registry` finds them, `measure` pairs ours
with the peer, `report` prints and writes the table, `servers` starts what is measured.
"""
