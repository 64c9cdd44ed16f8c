"""Other versions of ipykernel for the tests of busy kernels, each in a folder of its own.

    python scripts/install_kernels.py FOLDER VERSION…

What ipykernel 7 needs, the venv has; 6 needs one thing more.
"""

import subprocess
import sys
from pathlib import Path


def main(folder: str, *versions: str) -> None:
    """Install each into FOLDER/VERSION, which a kernel spec puts on its PYTHONPATH."""
    for version in versions:
        target = Path(folder) / version
        if not (target / "ipykernel").exists():
            pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
            wanted = ["--no-deps", "--target", str(target), f"ipykernel=={version}"]
            if version.startswith("6."):
                wanted.append("nest-asyncio==1.6.0")  # 7.x has none
            subprocess.run((*pip, *wanted), check=True)  # noqa: S603


if __name__ == "__main__":
    main(*sys.argv[1:])
