"""What a journal tells an operator whose daemon never came back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octeth_backupd.domain.restore.advice import advice
from octeth_backupd.domain.restore.journal import RestartPolicy
from octeth_backupd.domain.restore.machine import State
from tests.unit.domain.restore.test_journal import JOURNAL


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_explained(state: State) -> None:
    first, *others = advice(replace(JOURNAL, state=state))

    assert first.endswith(".")
    assert any("start the daemon again" in line for line in others) is not state.is_final


def test_before_the_swap_the_server_is_started_and_the_staging_removed() -> None:
    lines = advice(replace(JOURNAL, state=State.FENCING))

    assert "docker update --restart=on-failure:3 oempro_mysql" in lines
    assert "docker start oempro_mysql" in lines
    assert "rm -r /srv/mysql/.octeth-backupd-x" in lines


def test_in_the_swap_it_says_how_to_tell_the_directories_apart() -> None:
    text = "\n".join(advice(replace(JOURNAL, state=State.SWAPPING, has_swapped=True)))

    assert "inode 11 is the old data" in text
    assert "/srv/mysql/log/.octeth-backupd-x/old" in text
    assert text.index("docker stop") < text.index("docker start")


def test_a_unit_is_unmasked_and_started() -> None:
    journal = replace(
        JOURNAL,
        state=State.UNFENCING,
        container="",
        systemd_unit="mysql.service",
        policy=RestartPolicy(name="unmasked", triggers=("mysql.socket",)),
    )

    assert [line for line in advice(journal) if line.startswith("systemctl")] == [
        "systemctl unmask mysql.service",
        "systemctl start mysql.socket",
        "systemctl start mysql.service",
    ]


def test_a_finished_restore_names_its_safety_copy() -> None:
    lines = advice(replace(JOURNAL, state=State.COMMITTED, has_swapped=True))

    assert "Set aside: /srv/mysql/.octeth-backupd-x/new (from /srv/mysql/data)." in lines


def test_an_aborted_one_asks_for_nothing() -> None:
    assert len(advice(replace(JOURNAL, state=State.ABORTED))) == 1


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (RestartPolicy(name="on-failure", maximum_retries=3), "on-failure:3"),
        (RestartPolicy(name="on-failure"), "on-failure"),
        (RestartPolicy(name="always"), "always"),
        (RestartPolicy(name=""), "no"),
    ],
)
def test_the_restart_policy_is_put_back_as_docker_takes_it(policy: RestartPolicy, expected: str) -> None:
    lines = advice(replace(JOURNAL, state=State.UNFENCING, policy=policy))

    assert f"docker update --restart={expected} oempro_mysql" in lines
