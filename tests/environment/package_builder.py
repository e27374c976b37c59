"""A Debian 13 to build its package on: a container, with this machine's way to PyPI."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.environment.database_containers import unique_name
from tests.environment.docker_engine import Mount, ensure_image, session_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUILD_SECONDS: Final = 1500
_PASSED_PREFIXES: Final = ("PIP_", "UV_")
_PASSED_NAMES: Final = frozenset({"http_proxy", "https_proxy", "no_proxy", "ssl_cert_file"})
_PIP_FILES: Final = ("/etc/pip.conf", "/etc/xdg/pip", "~/.config/pip", "~/.pip")
_CERTIFICATES: Final = "/etc/ssl/certs/ca-certificates.crt"
_CONTAINERS_HOME: Final = "/root"


def build_in_container(image: str, checkout: Path, target: str, directory: Path, *, seconds_since_epoch: int) -> str:
    """Run ``packaging/build-deb`` of a checkout, which is not written to, and return what it says.

    How pip is configured here is seen by the container alone, and ends with it.

    Args:
        image: The distribution that the target is.
        checkout: Holds ``packaging/``.
        target: Of ``packaging/targets/``.
        directory: Where the package goes.
        seconds_since_epoch: The time of what is packed.
    """
    ensure_image(image)
    mounts = [Mount(source=checkout, read_only=True), Mount(source=directory), *_mounts_of_pip()]
    environment = {
        **{name: value for name, value in os.environ.items() if _is_passed(name)},
        "DIST": str(directory),
        "TOOLS": "/tmp/tools",
        "SOURCE_DATE_EPOCH": str(seconds_since_epoch),
    }
    # Names only: a value may hold a password, and arguments are seen by everybody.
    passed = [f"--env={name}" for name in environment]
    labels = [f"--label={name}={value}" for name, value in session_labels().items()]
    volumes = [f"--volume={mount.as_bind()}" for mount in mounts]
    options = ["--rm", "--network=host", f"--name={unique_name('builder')}", *labels, *volumes, *passed]
    done = subprocess.run(
        ["docker", "run", *options, "--entrypoint", checkout / "packaging" / "build-deb", image, target],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=_BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _is_passed(name: str) -> bool:
    return name.startswith(_PASSED_PREFIXES) or name.lower() in _PASSED_NAMES


def _mounts_of_pip() -> Iterator[Mount]:
    certificates = {os.environ.get(name, "") for name in ("PIP_CERT", "SSL_CERT_FILE")} | {_CERTIFICATES}
    for name in (*_PIP_FILES, *sorted(certificates)):
        path = Path(name).expanduser()
        if name and path.exists():
            yield Mount(source=path.resolve(), target=name.replace("~", _CONTAINERS_HOME), read_only=True)
