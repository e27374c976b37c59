"""Whether a run goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.errors import BusyError
from octeth_backupd.setup.going_on import GoingOn, require_nothing_goes_on
from octeth_backupd.setup.order import SetupOrder
from tests.unit.setup.build import Host

BACKUP = GoingOn(run_id="r1", operation="backup", server="one")
USUAL = Path("/run/octeth-backupd/control.sock")


def test_run_that_goes_on_is_named_with_the_two_ways_out(tmp_path: Path) -> None:
    host = Host(directory=tmp_path, runs=[(BACKUP,)])

    with pytest.raises(BusyError, match=r"backup of one \(r1\)") as caught:
        require_nothing_goes_on(SetupOrder(config=tmp_path / "c"), host.machine())

    assert "Wait for its end" in caught.value.hint
    assert "octeth-backupctl cancel r1" in caught.value.hint


def test_daemon_is_asked_at_the_socket_of_its_configuration(tmp_path: Path) -> None:
    host = Host(directory=tmp_path)
    config = tmp_path / "config.toml"
    config.write_text("[servers.one]\ncontainer = 'db'\n[control]\nsocket = '/srv/c.sock'\n")

    require_nothing_goes_on(SetupOrder(config=config), host.machine())

    assert host.sockets == [Path("/srv/c.sock")]


@pytest.mark.parametrize("text", [None, "no = toml = at all"])
def test_daemon_is_asked_at_the_usual_socket_where_no_configuration_can_be_used(
    tmp_path: Path, text: str | None
) -> None:
    host = Host(directory=tmp_path)
    config = tmp_path / "config.toml"
    if text is not None:
        config.write_text(text)

    require_nothing_goes_on(SetupOrder(config=config), host.machine())

    assert host.sockets == [USUAL]


def test_dry_run_meets_no_run(tmp_path: Path) -> None:
    host = Host(directory=tmp_path, runs=[(BACKUP,)])

    require_nothing_goes_on(SetupOrder(config=tmp_path / "c", dry_run=True), host.machine())

    assert host.sockets == []
