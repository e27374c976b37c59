"""The Docker engine of the tests, and the images that are built for them."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, cast

import docker
from docker import DockerClient
from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from tests.environment.session import current_session, session_is_alive

IMAGES_DIRECTORY: Final = Path(__file__).resolve().parent.parent / "images"
MARIADB_IMAGE: Final = "octeth-backupd-test/mariadb:10.11"
MYSQL_IMAGE: Final = "octeth-backupd-test/mysql:9"
SYSTEMD_IMAGE: Final = "octeth-backupd-test/host:bookworm"
TRIXIE_IMAGE: Final = "octeth-backupd-test/host:trixie"
MYSQL_SYSTEMD_IMAGE: Final = "octeth-backupd-test/mysql-systemd:trixie"
TEST_LABEL: Final = "octeth-backupd-test"
SESSION_LABEL: Final = "octeth-backupd-test.session"
VERSION_LABEL: Final = "octeth-backupd-test.version"
MYSQL_USER_ID: Final = 999
"""uid and gid of the user mysql in the images, as in the official ones."""

RestartPolicyName = Literal["no", "always", "unless-stopped", "on-failure"]

_BUILD_SCRIPTS: Final = {
    MARIADB_IMAGE: ("build-mariadb",),
    MYSQL_IMAGE: ("build-mysql",),
    SYSTEMD_IMAGE: ("build-systemd", "bookworm"),
    TRIXIE_IMAGE: ("build-systemd", "trixie"),
    MYSQL_SYSTEMD_IMAGE: ("build-mysql-systemd",),
}
_EXIT_PACKAGES_UNAVAILABLE: Final = 75


class ImageUnavailableError(Exception):
    """The MySQL packages of Debian sid cannot be installed today: the one reason to leave tests out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One bind mount.

    Args:
        source: Directory or file on the host.
        target: Path in the container; the same path as on the host when absent.
        read_only: The container cannot write there.
    """

    source: Path
    target: str | None = None
    read_only: bool = False

    def as_bind(self) -> str:
        """Return the mount as the engine's API writes it."""
        return f"{self.source}:{self.target or self.source}:{'ro' if self.read_only else 'rw'}"


class DockerEngine:
    """A thin layer over the Docker SDK: everything made here carries the labels of this test session.

    What crashed test sessions have left is removed when it is made.

    Args:
        host: Address of an engine that a test brought along; empty: the machine's own.
    """

    def __init__(self, host: str = "") -> None:
        ensure_engine()
        self.host = host
        self.client: DockerClient = docker.DockerClient(base_url=host) if host else docker.from_env()
        self.sweep()

    def run(
        self,
        image: str,
        command: Sequence[str] = (),
        *,
        name: str,
        entrypoint: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        mounts: Sequence[Mount] = (),
        published_port: int | None = None,
        network_mode: str = "bridge",
        user: str | None = None,
        restart_policy: RestartPolicyName = "no",
        labels: Mapping[str, str] | None = None,
    ) -> Container:
        """Start a container in the background and return it.

        A container of that name that a dead session has left is removed first; one of a living session is not.
        """
        self.remove_leftover(name)
        container: Container = self.client.containers.run(
            image,
            list(command),
            name=name,
            detach=True,
            entrypoint=list(entrypoint) if entrypoint is not None else None,
            environment=dict(environment or {}),
            volumes=[mount.as_bind() for mount in mounts],
            ports=_port_bindings(published_port),
            network_mode=network_mode,
            user=user,
            restart_policy=cast("Any", {"Name": restart_policy}),  # the stubs lack "no" and "unless-stopped"
            labels={**session_labels(), **(labels or {})},
        )
        return container

    def remove_leftover(self, name: str) -> None:
        """Remove the container of this name when a test session made it that no longer runs."""
        try:
            container = self.client.containers.get(name)
        except NotFound:
            return
        if TEST_LABEL in container.labels and not session_is_alive(container.labels.get(SESSION_LABEL, "")):
            remove_container(container)

    def sweep(self) -> list[str]:
        """Remove all containers of test sessions that no longer run, and return their names.

        Containers of sessions that still run are left alone: several may run on one machine.
        """
        swept = []
        for container in self.client.containers.list(all=True, filters={"label": TEST_LABEL}, ignore_removed=True):
            if not session_is_alive(container.labels.get(SESSION_LABEL, "")):
                swept.append(container.name or "")
                remove_container(container)
        return swept

    def image_version(self, image: str) -> str:
        """Return the version of the server in one of our images, such as ``9.7.4``."""
        return str(self.client.images.get(image).labels[VERSION_LABEL])

    def close(self) -> None:
        """Close the connections to the engine."""
        self.client.close()


def session_labels() -> dict[str, str]:
    """Return the labels that mark a container as made by this test session."""
    return {TEST_LABEL: "1", SESSION_LABEL: current_session()}


def remove_container(container: Container) -> None:
    """Remove a container with its anonymous volumes, whatever its state; fine when it is gone."""
    try:
        container.remove(force=True, v=True)
    except NotFound:
        pass
    except DockerException as error:
        if "already in progress" not in str(error):
            raise


def _port_bindings(published_port: int | None) -> dict[str, int | list[int] | tuple[str, int] | None]:
    """Bind the server's port to 127.0.0.1; the engine takes a free port for 0."""
    return {} if published_port is None else {"3306/tcp": ("127.0.0.1", published_port)}


@cache
def ensure_engine() -> None:
    """Have a Docker engine answer; packages are installed and dockerd is started where needed."""
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        _run_script("install-docker")


@cache
def ensure_programs() -> None:
    """Have the host's MariaDB programs, without a service; packages are installed where needed."""
    if not all(Path(program).exists() for program in ("/usr/sbin/mariadbd", "/usr/bin/mariadb-backup")):
        _run_script("install-docker")


@cache
def ensure_image(image: str) -> str:
    """Build one of our images unless it is there and current, and return its name.

    Raises:
        ImageUnavailableError: Debian's packages for it cannot be installed today.
        RuntimeError: The build failed for another reason.
    """
    ensure_engine()
    _run_script(*_BUILD_SCRIPTS[image])
    return image


@cache
def shared_engine() -> DockerEngine:
    """Return the engine connection that all servers of this session share."""
    return DockerEngine()


def _run_script(name: str, *arguments: str) -> None:
    finished = subprocess.run([IMAGES_DIRECTORY / name, *arguments], capture_output=True, text=True, check=False)
    if finished.returncode == _EXIT_PACKAGES_UNAVAILABLE:
        raise ImageUnavailableError(finished.stderr)
    if finished.returncode != 0:
        raise RuntimeError(f"{name} failed with exit code {finished.returncode}: {finished.stderr[-2000:]}")
