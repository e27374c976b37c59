"""Where a server's files are, as far as a restore must know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.restores import make_site

SITE = make_site()
DATA = Path("/srv/oempro/mysql")


@pytest.mark.parametrize(
    ("binlog", "log_bin", "expected"),
    [
        (Path("/srv/oempro/binlog"), True, Path("/srv/oempro/binlog")),
        (Path("/srv/oempro/binlog"), False, None),
        (DATA, True, None),
        (DATA / "binlog", True, None),
        (None, True, None),
    ],
)
def test_binary_logs_have_a_directory_of_their_own_only_outside_the_data(
    binlog: Path | None,
    log_bin: bool,
    expected: Path | None,
) -> None:
    paths = {"data": DATA} if binlog is None else {"data": DATA, "binlog": binlog}

    assert replace(SITE, host_paths=paths, log_bin=log_bin).binlog_directory == expected


def test_the_data_directory_is_the_hosts() -> None:
    assert replace(SITE, host_paths={"data": DATA}).data_directory == DATA
