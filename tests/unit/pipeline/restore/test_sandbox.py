"""Paths that the daemon's unit does not see as whoever names them does."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.pipeline.restore.sandbox import out_of_sight, read_only
from octeth_backupd.process.mounts import Mount

PRIVATE = Mount(point=Path("/tmp"), root="/tmp/systemd-private-0a1b-octeth-backupd.service-x1/tmp", kind="ext4")
SHUT = Mount(point=Path("/home"), root="/systemd/inaccessible/dir", kind="tmpfs")
PLAIN = Mount(point=Path("/"), root="/", kind="ext4")


@pytest.mark.parametrize(
    ("mount", "code", "word"),
    [(PRIVATE, "private_directory", "PrivateTmp"), (SHUT, "hidden_directory", "ProtectHome")],
)
def test_what_the_unit_sees_otherwise_is_refused_with_the_reason(mount: Mount, code: str, word: str) -> None:
    refusal = out_of_sight(mount.point / "look", look=lambda _: mount)

    assert refusal is not None
    assert refusal.code == code
    assert word in refusal.message
    assert "/var/backups/octeth" in refusal.hint


@pytest.mark.parametrize("mount", [PLAIN, None])
def test_what_everybody_sees_alike_is_not(mount: Mount | None) -> None:
    assert out_of_sight(Path("/srv/look"), look=lambda _: mount) is None


def test_the_drop_in_opens_the_directory_above() -> None:
    refusal = read_only(Path("/srv/look/shop"))

    assert "systemctl edit octeth-backupd" in refusal.hint
    assert "ReadWritePaths=/srv/look " in refusal.hint
