"""Too little room is told in numbers, per file system."""

from __future__ import annotations

from dataclasses import replace

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.space import SERVER_ROLE
from tests.unit.preflight.builder import file_systems, run, subject


def test_every_file_system_that_is_too_small_is_named() -> None:
    result = run("space", subject(file_systems=file_systems(workspace=2, backups=0.5)))

    assert result.status is CheckStatus.FAILED
    assert "workspace on /workspace: 5.1 GiB needed, 2.0 GiB free" in result.summary
    assert "backups on /backups" in result.summary
    assert result.command == "df -h /workspace\ndf -h /backups"


def test_room_that_could_not_be_measured_is_never_a_pass() -> None:
    assert run("space", subject(file_systems=file_systems()[1:])).status is CheckStatus.UNKNOWN


def test_server_disk_that_the_host_does_not_see_is_left_out() -> None:
    assert run("space", subject(file_systems=file_systems()[:2])).status is CheckStatus.PASSED


def test_servers_own_disk_that_is_nearly_full_is_a_warning() -> None:
    places = tuple(replace(place, used_percent=95) if place.role == SERVER_ROLE else place for place in file_systems())

    result = run("space", subject(file_systems=places))

    assert result.status is CheckStatus.WARNING
    assert "95 % full" in result.summary
