"""How an engine is found: one file in its data directory that only the user can read.

It is the only file that ever holds a key. The key outlives the engine, so that handles, tokens
and saved notebooks stay valid when the engine has ended by itself and is started again.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import EngineError
from .processes import ProcessIdentity
from .secret import Secret

if TYPE_CHECKING:
    from .config import Endpoint

FILE_NAME = "engine.json"
FILES = (FILE_NAME, "trigger.db", "trigger.db-wal", "trigger.db-shm", "engine.log")
"""All that an engine keeps in its data directory, beside the lock that it holds while it runs."""
STOPPED_NAME = "engine.stopped"
DATA_DIR_VARIABLE = "TRIGGER_WIDGETS_DATA_DIR"


def default_data_dir() -> Path:
    """`TRIGGER_WIDGETS_DATA_DIR`, or this user's data directory."""
    configured = os.environ.get(DATA_DIR_VARIABLE)
    if not configured:
        import platformdirs  # the engine is mostly told where

        configured = platformdirs.user_data_dir("trigger-widgets")
    return Path(configured).expanduser().resolve()


def mark_stopped(data_dir: Path) -> None:
    """Somebody wants the engine to stop: what only reconnects leaves it so, until it is needed."""
    (data_dir / STOPPED_NAME).touch()


def is_stopped(data_dir: Path) -> bool:
    """Whether that was the last thing that happened to the engine."""
    return (data_dir / STOPPED_NAME).exists()


def new_secret_key() -> Secret:
    """A key of 256 random bits, in the form of a Trigger.dev development key."""
    return Secret(f"tr_dev_{secrets.token_hex(32)}")


@dataclass(frozen=True, kw_only=True)
class EngineFile:
    """Where an engine listens, which process it is, and its key."""

    host: str
    port: int
    pid: int
    started: str
    version: str
    secret_key: Secret

    @property
    def endpoint(self) -> Endpoint:
        """The engine as a client speaks to it."""
        from .config import Endpoint, secret  # what a client needs, and the engine does not

        host = f"[{self.host}]" if ":" in self.host else self.host
        return Endpoint(f"http://{host}:{self.port}", secret(self.secret_key))

    def is_running(self) -> bool:
        """Whether the process that wrote this file still runs."""
        return ProcessIdentity(self.pid, self.started).is_alive()

    def write(self, data_dir: Path) -> None:
        """Replace the file in one step, readable by the user alone from its first byte."""
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = data_dir / f".{FILE_NAME}.{os.getpid()}"
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({**asdict(self), "secret_key": self.secret_key.get_secret_value()}, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(data_dir / FILE_NAME)

    @classmethod
    def read(cls, data_dir: Path) -> EngineFile | None:
        """The file of a data directory, or None if no engine ever ran there."""
        path = data_dir / FILE_NAME
        try:
            return cls._parse(path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError):
            # the details would quote the file, and with it the key
            raise EngineError(
                f"{path} is damaged; stop the engine that uses it and delete the file "
                "(the runs beside it are kept, tokens given out before stop working)."
            ) from None
        except OSError as e:
            raise EngineError(f"{path} cannot be read: {e.strerror}.") from None

    @classmethod
    def _parse(cls, data: bytes) -> EngineFile:
        found = json.loads(data)
        values = {field.name: found[field.name] for field in fields(cls) if field.name in found}
        for name, value in values.items():
            if type(value) is not (int if name in ("port", "pid") else str):
                raise TypeError(name)
        return cls(**{**values, "secret_key": Secret(values["secret_key"])})
