"""Real S3 servers on loopback, each with what the other lacks.

``RcloneS3`` checks signatures and keeps objects as plain files; it knows no conditional writes, tags or object lock.
``MotoS3`` knows all of these, and checks no signature.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol, Self

from tests.environment.docker_engine import IMAGES_DIRECTORY
from tests.environment.loopback_port import LOOPBACK, answers, free_port
from tests.environment.s3_state import s3_client

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

ACCESS_KEY_ID: Final = "AKIATESTOFBACKUPD"
SECRET_ACCESS_KEY: Final = "secret/of+the+test+server"
BUCKET: Final = "backups"
REGION: Final = "eu-central-1"

_READY_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.02
_PART_OF_SMALLEST_SIZE_BYTES: Final = 5 << 20


class S3Endpoint(Protocol):
    """What a client must know to reach a bucket: a server, or a proxy in front of one."""

    access_key_id: str
    secret_access_key: str
    bucket: str
    region: str

    @property
    def endpoint_url(self) -> str:
        """Scheme, host and port."""


@cache
def rclone_program() -> Path:
    """Return the rclone that serves S3, fetched now when it is absent.

    Raises:
        RuntimeError: It cannot be fetched; the message says what to run.
    """
    script = IMAGES_DIRECTORY / "fetch-rclone"
    environment = {**os.environ, "PYTHON": sys.executable}
    finished = subprocess.run([str(script)], capture_output=True, text=True, check=False, env=environment)
    if finished.returncode != 0:
        raise RuntimeError(f"there is no rclone; run tests/images/fetch-rclone: {finished.stderr[-2000:]}")
    return Path(finished.stdout.strip())


class S3Server(ABC):
    """A server with one bucket; as a context manager it runs, and is gone with all objects at the end.

    Attributes:
        directory: Holds what the server keeps on disk; files of rclone's are objects.
        log_file: What the server prints.
    """

    def __init__(self, *, bucket: str = BUCKET) -> None:
        self.access_key_id = ACCESS_KEY_ID
        self.secret_access_key = SECRET_ACCESS_KEY
        self.bucket = bucket
        self.region = REGION
        self.port = free_port()
        self._scratch = Path(tempfile.mkdtemp(prefix="octeth-s3-"))
        self.directory = self._scratch / "objects"
        self.directory.mkdir(mode=0o700)
        self.log_file = self._scratch / "server.log"
        # The kernel ends a server with the thread that started it: one that lives as long as this object, whoever
        # starts the server again.
        self._launcher = ThreadPoolExecutor(max_workers=1)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
            self._make_bucket()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def endpoint_url(self) -> str:
        """Scheme, host and port; the same after a restart."""
        return f"http://{LOOPBACK}:{self.port}"

    @abstractmethod
    def start(self) -> None:
        """Serve, on the same port as before and with the same objects."""

    @abstractmethod
    def stop(self) -> None:
        """Refuse connections until ``start`` is called; the objects stay."""

    def remove(self) -> None:
        """End the server and remove its objects."""
        self._end_process()
        self._launcher.shutdown()
        shutil.rmtree(self._scratch, ignore_errors=True)

    @abstractmethod
    def _make_bucket(self) -> None: ...

    def _launch(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        def launch() -> subprocess.Popen[bytes]:
            with self.log_file.open("ab") as log:
                return subprocess.Popen(
                    ["setpriv", "--pdeathsig", "KILL", *map(str, command)],
                    env={**os.environ, **environment},
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )

        self._process = self._launcher.submit(launch).result()
        return self._process

    def _end_process(self) -> None:
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(_STOP_SECONDS)
        self._process = None

    def _wait_until(self, *, listening: bool) -> None:
        limit = time.monotonic() + _READY_SECONDS
        while answers(self.port) is not listening:
            if self._process is None or self._process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"the S3 server is not as wanted:\n{self.log_file.read_text()[-3000:]}")
            time.sleep(_POLL_SECONDS)


class RcloneS3(S3Server):
    """``rclone serve s3``: signatures are checked, and objects are files in ``directory`` / bucket.

    It forgets open multipart uploads and the objects' metadata when it stops. Parts are streamed in the order of their
    numbers: one that comes early is held back, and one that was stored may not be sent again with other content. While
    an object is put in one request it is listed already, and gone again when the rest does not come. Listing computes
    the MD5 of every object, for each page anew.
    """

    def __init__(self, *, bucket: str = BUCKET, arguments: Sequence[str] = ()) -> None:
        """Say how it behaves.

        Args:
            bucket: Its name.
            arguments: Further arguments of ``rclone serve s3``; they win over ours. With ours it remembers what lies in
                the directory; a test that changes the files themselves says ``("--dir-cache-time", "0s")``, which costs
                much time for each request.
        """
        super().__init__(bucket=bucket)
        self._arguments = arguments

    @property
    def bucket_directory(self) -> Path:
        """Where the objects lie, named by their keys."""
        return self.directory / self.bucket

    def start(self) -> None:
        command: list[str | Path] = [
            rclone_program(),
            *("serve", "s3", "--addr", f"{LOOPBACK}:{self.port}"),
            *("--config", f"{self._scratch}/rclone.conf", "--cache-dir", f"{self._scratch}/cache"),
            # What a test changes in the directory is seen at once.
            *("--dir-cache-time", "1h", "--poll-interval", "0s"),
            *self._arguments,
            self.directory,
        ]
        self._launch(command, {"RCLONE_AUTH_KEY": f'"{self.access_key_id},{self.secret_access_key}"'})
        self._wait_until(listening=True)

    def stop(self) -> None:
        self._end_process()

    def _make_bucket(self) -> None:
        self.bucket_directory.mkdir(mode=0o700)


class MotoS3(S3Server):
    """``moto_server``: conditional writes, checksums, tags, storage classes, object lock; it accepts any secret.

    It keeps everything in memory. Its process therefore lives on while it is stopped, and only its port is closed.
    Open multipart uploads are still there when it starts again.
    """

    def __init__(
        self,
        *,
        bucket: str = BUCKET,
        object_lock: bool = False,
        smallest_part_bytes: int = _PART_OF_SMALLEST_SIZE_BYTES,
    ) -> None:
        """Say how it behaves.

        Args:
            bucket: Its name.
            object_lock: Make the bucket with object lock, and so with versions.
            smallest_part_bytes: Size below which a part that is not the last is refused; AWS has 5 MiB.
        """
        super().__init__(bucket=bucket)
        self._object_lock = object_lock
        self._smallest_part_bytes = smallest_part_bytes

    def start(self) -> None:
        if self._process is None:
            self._launch(
                [sys.executable, "-m", "tests.environment.moto_process", str(self.port)],
                {
                    "PYTHONPATH": str(Path(__file__).parents[2]),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "S3_UPLOAD_PART_MIN_SIZE": str(self._smallest_part_bytes),
                    "TMPDIR": str(self.directory),
                },
            )
        self._tell("start")
        self._wait_until(listening=True)

    def stop(self) -> None:
        self._tell("stop")
        self._wait_until(listening=False)

    def _tell(self, order: str) -> None:
        process = self._process
        pipe: IO[bytes] | None = process.stdin if process is not None else None
        if pipe is None:
            raise RuntimeError("the server was never started")
        pipe.write(f"{order}\n".encode())
        pipe.flush()

    def _make_bucket(self) -> None:
        options = {"ObjectLockEnabledForBucket": True} if self._object_lock else {}
        s3_client(self).create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": self.region}, **options
        )
