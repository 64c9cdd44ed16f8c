"""A browser for the tests: an installed Chromium or Chrome, else apt's, else Playwright's own."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def found() -> str | None:
    """The path of an installed browser."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def run(*command: str) -> bool:
    """Whether a command could be run and succeeded."""
    return bool(shutil.which(command[0])) and subprocess.run(command, check=False).returncode == 0  # noqa: S603


def main() -> None:
    """Find one or install one."""
    if found():
        return
    sudo = () if os.geteuid() == 0 else ("sudo", "-n")
    environ = ("env", "DEBIAN_FRONTEND=noninteractive")
    packages = ("chromium", "fonts-dejavu-core")
    apt = (*sudo, *environ, "apt-get")
    if shutil.which("apt-get") and run(*apt, "update", "-qq"):
        run(*apt, "install", "-y", "-qq", "--no-install-recommends", *packages)
    if not found() and not run(sys.executable, "-m", "playwright", "install", "chromium"):
        sys.exit("The browser tests need Chromium or Chrome, and none could be installed.")


if __name__ == "__main__":
    main()
