"""A script of our own in a process of its own: for a library too large, or too free, for the daemon's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from octeth_backupd.errors import ProgramError, ProgramTimeoutError
from octeth_backupd.process.host import DEFAULT_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HANDED_ON = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


def ask_apart(script: Path, request: Mapping[str, Any], *, timeout_seconds: float) -> dict[str, Any]:
    """Run a Python script with a JSON object on its standard input; return the one that it prints.

    It finds the libraries that this process finds, by ``sys_path`` in the request, gets none of the environment but
    proxies, and is killed at the limit. What it prints on standard error is not shown: it may hold anything.

    Args:
        script: Imports nothing of ours.
        request: May hold secrets: they are in no argument and no environment.
        timeout_seconds: Of the whole.

    Raises:
        ProgramTimeoutError: It took longer.
        ProgramError: It could not be started, failed, or printed something else.
    """
    environment = {"PATH": DEFAULT_PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    environment |= {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-I", os.fspath(script)],
            input=json.dumps({**request, "sys_path": sys.path}).encode(),
            capture_output=True,
            timeout=timeout_seconds,
            env=environment,
            cwd="/",
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ProgramTimeoutError(f"{script.name} took longer than {timeout_seconds:g} s", retryable=True) from None
    except OSError as exc:
        raise ProgramError(f"{script.name} cannot be started: {exc.strerror}", retryable=True) from exc
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = None
    if done.returncode != 0 or not isinstance(answer, dict):
        raise ProgramError(f"{script.name} ended with {done.returncode}", retryable=True)
    return answer
