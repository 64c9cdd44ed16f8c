"""`python -m trigger_widgets.engine`: one engine in the foreground."""

from __future__ import annotations

import argparse
import errno
import sys
from pathlib import Path

from trigger_widgets.engine_file import default_data_dir
from trigger_widgets.errors import EngineError

from . import lock
from .schema import NewerDatabaseError
from .server import Settings, reset, run

ALREADY_RUNNING = 3


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 stopped, 1 could not start, 3 another engine has the data directory."""
    parser = argparse.ArgumentParser(prog="python -m trigger_widgets.engine", description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=None)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=None, help="0: any free one")
    parser.add_argument("--idle-minutes", type=float, default=15, help="0: never end by itself")
    parser.add_argument("--keep-days", type=_days, default=30, help="0: delete no old runs")
    parser.add_argument("--reset", action="store_true", help="delete all data instead of serving")
    options = parser.parse_args(arguments)
    data_dir = (options.data_dir or default_data_dir()).expanduser().resolve()
    try:
        if options.reset:
            reset(data_dir)
        else:
            settings = Settings(
                data_dir, options.host, options.port, options.idle_minutes, options.keep_days
            )
            run(settings)
    except lock.TakenError as e:
        return _say(f"another engine (process {e.pid}) uses {data_dir}; stop it first.", 3)
    except NewerDatabaseError:
        return _say(
            f"the data in {data_dir} was written by a newer trigger-widgets; "
            "upgrade, or choose another data directory.",
            1,
        )
    except EngineError as e:
        return _say(str(e), 1)
    except OSError as e:
        if e.errno == errno.EADDRINUSE:
            return _say(
                f"port {options.port} of {options.host} is taken by another program; choose "
                "another one, or 0 for any that is free.",
                1,
            )
        where = f"{options.host}:{options.port or 'any port'} with data in {data_dir}"
        return _say(f"the engine cannot start on {where}: {e.strerror or e}.", 1)
    return 0


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1
    if not 0 <= days < float("inf"):
        raise argparse.ArgumentTypeError(f'"{text}" is no number of days; 0 keeps all data')
    return days


def _say(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201 - the one thing a starter reads
    return code


if __name__ == "__main__":
    sys.exit(main())
