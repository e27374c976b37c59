"""The programs that look into packages: rpm, lintian."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Final

_SCRIPT: Final = Path(__file__).resolve().parent.parent / "setup" / "package-programs"


@cache
def ensure_package_program(name: str) -> None:
    """Have one of them; Debian's package of that name is installed where needed."""
    done = subprocess.run([_SCRIPT, name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
