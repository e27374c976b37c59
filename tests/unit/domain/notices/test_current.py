"""A problem as it is found."""

from __future__ import annotations

from octeth_backupd.domain.notices.current import subject_of
from tests.fakes.standing import current


def test_problems_of_one_subject_follow_each_other() -> None:
    assert current("storage:s3/upload").subject == current("storage:s3/credentials").subject == "storage:s3"
    assert subject_of("hold:3") == "hold:3"


def test_two_disks_are_two_subjects() -> None:
    assert subject_of("disk:/var/backups/next") == subject_of("disk:/var/backups/days") != subject_of("disk:/srv/next")


def test_what_to_do_is_in_the_facts_and_not_repeated_in_the_text() -> None:
    problem = current(cause="the disk is full", hint="Make room.", command="")

    assert problem.text == "The disk is full."
    assert problem.facts == (("hint", "Make room."),)
