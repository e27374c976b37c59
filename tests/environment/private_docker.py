"""A Docker engine of a test's own, which may be restarted and killed without harm to anybody else's containers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tests.environment.docker_engine import DockerEngine, ensure_engine, shared_engine
from tests.environment.process_tree import descendants, kill_all, processes_naming

if TYPE_CHECKING:
    from types import TracebackType

_READY_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05
_COPY_BYTES: Final = 1 << 20
_OWN_NETWORK: Final = ("unshare", "--net")
"""Without a bridge dockerd removes ``docker0`` when it starts: that of every other engine on the machine."""


class PrivateDocker:
    """A dockerd with its own containerd, images and containers; as a context manager it runs, and is gone at the end.

    It has no networks and touches no packet filter: containers get ``network_mode="none"``. It ends with the thread
    that started it, so that a crashed test session leaves none.
    """

    def __init__(self) -> None:
        ensure_engine()  # installs dockerd where there is none
        # A path of pytest's would be too long for containerd's sockets.
        self.directory = Path(tempfile.mkdtemp(prefix="octeth-docker-"))
        self.host = f"unix://{self.directory}/docker.sock"
        self.log_file = self.directory / "dockerd.log"
        self._execution = self.directory / "exec"
        self._process: subprocess.Popen[bytes] | None = None
        self._engine: DockerEngine | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def engine(self) -> DockerEngine:
        """A connection to it."""
        if self._engine is None:
            self._engine = DockerEngine(self.host)
        return self._engine

    def is_running(self) -> bool:
        """Whether dockerd lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start dockerd and wait until it answers; it starts those containers whose restart policy says so.

        Raises:
            RuntimeError: It does not answer; the message holds the end of its log.
        """
        (self.directory / "daemon.json").write_text("{}")
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig", "TERM", *_OWN_NETWORK, "dockerd", f"--host={self.host}"),
                    f"--config-file={self.directory}/daemon.json",
                    f"--data-root={self.directory}/data",
                    f"--exec-root={self._execution}",
                    f"--pidfile={self.directory}/docker.pid",
                    *("--iptables=false", "--ip-forward=false", "--bridge=none"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        limit = time.monotonic() + _READY_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"the private dockerd does not answer:\n{self.log_file.read_text()[-3000:]}")
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End dockerd as a service manager would: it stops its containers first."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(_STOP_SECONDS)
            self._process = None

    def lose_power(self) -> None:
        """End dockerd, containerd and all containers in one moment, and forget what a reboot forgets."""
        if self._process is not None:
            dockerd = self._process.pid
            ours = [dockerd, *descendants(dockerd), *processes_naming(str(self._execution))]
            kill_all([*ours, *(child for process in ours for child in descendants(process))])
            self._process.wait(_STOP_SECONDS)
            self._process = None
        _unmount_beneath(self.directory)
        shutil.rmtree(self._execution, ignore_errors=True)
        (self.directory / "docker.pid").unlink(missing_ok=True)

    def load(self, image: str) -> None:
        """Have an image of the machine's own engine here too."""
        if self.engine.client.images.list(name=image):
            return
        with tempfile.TemporaryFile(dir=self.directory) as file:
            for piece in shared_engine().client.images.get(image).save(chunk_size=_COPY_BYTES, named=True):
                file.write(piece)
            file.seek(0)
            self.engine.client.images.load(file)

    def remove(self) -> None:
        """End everything and remove it from the disk."""
        if self._engine is not None:
            self._engine.close()
        self.lose_power()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _answers(self) -> bool:
        vector = ["docker", "--host", self.host, "version"]
        return subprocess.run(vector, capture_output=True, check=False).returncode == 0


def _unmount_beneath(directory: Path) -> None:
    """Unmount the containers' file systems, which a reboot would not bring back."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    points = [line.split(" ")[4] for line in lines]
    for point in sorted((point for point in points if point.startswith(f"{directory}{os.sep}")), reverse=True):
        subprocess.run(["umount", "--lazy", point], capture_output=True, check=False)
