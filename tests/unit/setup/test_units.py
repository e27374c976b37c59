"""systemd units of servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.setup.units import ServerUnit, has_unit, server_units
from tests.unit.setup.build import runner

if TYPE_CHECKING:
    from pathlib import Path

# Debian: mysql.service is an alias of mariadb.service; a second server does not run; a oneshot is none.
SYSTEMCTL = """
case "$*" in
*list-units*) printf 'mariadb.service loaded active running MariaDB\\nmysql@two.service loaded inactive dead x\\n' ;;
*mysql@two*) printf 'Id=mysql@two.service\\nLoadState=loaded\\nActiveState=inactive\\nType=notify\\n' ;;
*mariadb.service|*mysql.service) printf 'Id=mariadb.service\\nLoadState=loaded\\nActiveState=active\\nType=notify\\n' ;;
*) printf 'Id=mysqld.service\\nLoadState=not-found\\nActiveState=inactive\\n' ;;
esac
"""


def test_units_are_found_once_under_their_own_names(tmp_path: Path) -> None:
    assert server_units(runner(tmp_path, systemctl=SYSTEMCTL)) == (
        ServerUnit(name="mariadb.service", is_active=True),
        ServerUnit(name="mysql@two.service", is_active=False),
    )


def test_no_unit_is_known_where_systemd_does_not_answer(tmp_path: Path) -> None:
    assert server_units(runner(tmp_path, systemctl="exit 1")) == ()


def test_unit_with_a_file_of_its_own_is_there(tmp_path: Path) -> None:
    assert has_unit(runner(tmp_path, systemctl="echo LoadState=loaded"), "octeth-backupd.service")
    assert not has_unit(runner(tmp_path, systemctl="echo LoadState=not-found"), "octeth-backupd.service")
