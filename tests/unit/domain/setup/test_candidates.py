"""Servers that were found, and what they are called."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest

from octeth_backupd.domain.server import Placement
from octeth_backupd.domain.setup.candidates import Candidate, best_of, may_be_server, proposed_name


def _container(name: str, **facts: Any) -> Candidate:
    return Candidate(placement=Placement.CONTAINER, target=name, **facts)


@pytest.mark.parametrize(
    ("command", "ports"),
    [
        (("docker-entrypoint.sh", "mysqld"), ()),
        (("docker-entrypoint.sh", "/usr/sbin/mariadbd", "--skip-log-bin"), ()),
        (("start",), ("33060/tcp", "3306/tcp")),
    ],
)
def test_program_or_port_of_a_server_is_worth_a_connection(command: tuple[str, ...], ports: tuple[str, ...]) -> None:
    assert may_be_server(command, ports)


def test_other_containers_are_left_alone() -> None:
    assert not may_be_server(("apache2-foreground",), ("80/tcp",))
    assert not may_be_server(("/bin/mysqld_exporter",), ("9104/tcp",))


@pytest.mark.parametrize(
    ("candidate", "name"),
    [
        (_container("oempro_mysql"), "oempro"),
        (_container("octeth-mysql-1"), "octeth"),
        (_container("Shop.DB"), "shop"),
        (_container("mysql"), "mysql"),
        (_container("mariadb10"), "mariadb10"),
        (Candidate(placement=Placement.SYSTEMD, target="mariadb.service"), "mariadb"),
        (Candidate(placement=Placement.ADDRESS, target="/run/mysqld/mysqld.sock"), "mysql"),
        (Candidate(placement=Placement.ADDRESS, target="127.0.0.1:3306"), "mysql"),
        (Candidate(placement=Placement.ADDRESS, target="db1.example.com:3306"), "db1-example-com"),
    ],
)
def test_proposed_name_is_short_and_allowed(candidate: Candidate, name: str) -> None:
    assert proposed_name(candidate) == name


def test_proposed_name_is_not_one_that_is_taken() -> None:
    assert proposed_name(_container("oempro_mysql"), ("oempro", "oempro-2")) == "oempro-3"


def test_one_that_answers_is_proposed_before_one_that_does_not() -> None:
    assert best_of([_container("a"), _container("b", version_text="8.0.36")]) == 1
    assert best_of([_container("a"), _container("b")]) == 0


def test_candidate_says_what_is_known_of_it_and_which_flag_names_it() -> None:
    known = Candidate(
        placement=Placement.CONTAINER,
        target="db",
        version_text="8.0.36",
        image="mysql:8.0",
        data_directory=PurePosixPath("/srv/data"),
    )

    assert str(known) == "container db: image mysql:8.0, version 8.0.36, data in /srv/data"
    assert str(Candidate(placement=Placement.SYSTEMD, target="mysql.service", problem="does not run")) == (
        "systemd unit mysql.service: does not run"
    )
    assert known.flag == "--container db"
    assert Candidate(placement=Placement.ADDRESS, target="/a.sock").flag == "--socket /a.sock"
    assert Candidate(placement=Placement.ADDRESS, target="h:1").flag == "--address h:1"
    assert Candidate(placement=Placement.SYSTEMD, target="m.service").flag == "--unit m.service"
