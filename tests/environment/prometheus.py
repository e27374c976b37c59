"""Debian's Prometheus: promtool, and a server that scrapes and evaluates rules each second."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.environment.loopback_port import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).parents[2]
_READY_SECONDS: Final = 30.0


@cache
def programs() -> Path:
    """Return the directory of prometheus and promtool, fetched when they are not there."""
    fetched = subprocess.run([ROOT / "tests" / "setup" / "fetch-prometheus"], stdout=subprocess.PIPE, text=True)
    assert fetched.returncode == 0
    return Path(fetched.stdout.strip())


def promtool(*arguments: str | Path) -> str:
    """Run promtool and return what it prints.

    Raises:
        AssertionError: It found something wrong.
    """
    done = subprocess.run(
        [programs() / "promtool", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


class Prometheus:
    """A server that answers queries."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the samples of an expression."""
        found: list[dict[str, Any]] = self._ask(f"/api/v1/query?query={urllib.parse.quote(expression)}")["result"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Return every rule with its health and its alerts."""
        return [rule for group in self._ask("/api/v1/rules")["groups"] for rule in group["rules"]]

    def wait_for(self, condition: Callable[[], object], *, timeout_seconds: float = 30.0) -> Any:
        """Return what a condition gives as soon as it gives anything."""
        limit = time.monotonic() + timeout_seconds
        while not (found := condition()):
            assert time.monotonic() < limit, [(rule["name"], rule["health"]) for rule in self.rules()]
            time.sleep(0.2)
        return found

    def _ask(self, path: str) -> Any:
        with urllib.request.urlopen(self._base + path, timeout=10) as answer:
            return json.load(answer)["data"]

    def is_ready(self) -> bool:
        """Return whether it takes queries."""
        try:
            with urllib.request.urlopen(f"{self._base}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False


@contextmanager
def prometheus(directory: Path, *, target: str, rules: Path) -> Iterator[Prometheus]:
    """Run a server that scrapes one target."""
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "octeth-backupd", "static_configs": [{"targets": [target]}]}],
    }
    file = directory / "prometheus.yml"
    file.write_text(json.dumps(config))  # JSON is YAML
    port = free_port()
    with (directory / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                programs() / "prometheus",
                f"--config.file={file}",
                f"--storage.tsdb.path={directory / 'prometheus'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        server = Prometheus(port)
        limit = time.monotonic() + _READY_SECONDS
        while not server.is_ready():
            assert process.poll() is None, (directory / "prometheus.log").read_text()
            assert time.monotonic() < limit, (directory / "prometheus.log").read_text()
            time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(30)
