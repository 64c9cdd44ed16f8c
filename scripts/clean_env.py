"""Run a command without the TRIGGER_* variables of whoever runs it, and with compiled code kept:
the tests start hundreds of processes, which would else compile it all anew.
"""

import os
import sys

environ = {name: value for name, value in os.environ.items() if not name.startswith("TRIGGER_")}
environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.execvpe(sys.argv[1], sys.argv[1:], environ)  # noqa: S606 - that is what it is for
