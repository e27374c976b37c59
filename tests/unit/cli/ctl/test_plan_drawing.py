"""The plan of a restore on a terminal."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from octeth_backupd.cli.ctl.plan_drawing import COLUMNS, draw_plan, plan_lines
from octeth_backupd.control.restore_documents import plan_document
from octeth_backupd.domain.restore.plan import RestorePlan, SpaceLine
from tests.fakes.restores import ABSENT, FOREIGN, GIB, make_plan, make_site
from tests.fakes.terminal import MemoryScreen

SYMBOLS = {"passed": "+", "warning": "!", "failed": "x", "unknown": "?"}
HOW = ("in one step, with a directory that is staged in", "entry by entry, with what is staged in")
LONG = "something that goes on for so long that it cannot stand on a single line of a terminal of the usual width"


def document_of(plan: RestorePlan) -> dict[str, Any]:
    return plan_document(plan).model_dump(mode="json")


def drawn(plan: RestorePlan) -> str:
    return "\n".join(line.text for line in plan_lines(document_of(plan), symbols=SYMBOLS))


def section(text: str, title: str) -> str:
    return text.split(f"\n\n{title}\n", 1)[1].split("\n\n", 1)[0]


def test_the_first_line_says_what_goes_where_and_the_last_whether_it_can() -> None:
    lines = drawn(make_plan()).splitlines()

    assert lines[0] == "Restore oempro-2026-11-22_02-00-00 to oempro"
    assert lines[-1] == "This can be done. Nothing was touched so far."


def test_every_part_of_the_plan_is_there() -> None:
    plan = make_plan(warnings=("the backup is 40 days old",))

    text = " ".join(drawn(plan).split())

    assert plan.archive is not None
    for expected in (
        *[f"{fact.name} {fact.value} ({fact.source})" for fact in plan.facts],
        plan.archive.name,
        str(Path(plan.archive.place).parent),
        plan.archive.reason,
        *[str(swap.live) for swap in plan.swaps],
        *[f"{swap.live} {how} {swap.room.parent}" for swap, how in zip(plan.swaps, HOW, strict=True)],
        *plan.carried_over,
        *plan.warnings,
        plan.prepare,
        plan.exchange,
        plan.rehearsal,
        plan.accounts,
        plan.downtime,
        plan.old_data,
    ):
        assert expected in text


def test_facts_stand_with_their_source() -> None:
    known = section(drawn(make_plan()), "How that is known")

    assert "  data directory  /srv/oempro/mysql (live SQL)" in known.splitlines()


@pytest.mark.parametrize(
    "plan",
    [
        make_plan(),
        make_plan(warnings=(LONG,), refusals=(FOREIGN,), prepare=LONG, rehearsal=LONG, old_data=LONG, exchange=LONG),
        make_plan(site=None, archive=None, refusals=(FOREIGN,)),
        make_plan(target_directory=Path("/srv/elsewhere"), site=None, swaps=()),
    ],
)
def test_it_fits_80_columns(plan: RestorePlan) -> None:
    assert [line for line in drawn(plan).splitlines() if len(line) > COLUMNS] == []


def test_a_remote_copy_is_shown_with_its_storage_and_what_comes_over_the_network() -> None:
    plan = make_plan()
    assert plan.archive is not None
    remote = replace(plan.archive, storage="s3", place=plan.archive.key, is_remote=True, reason="nothing is left here")

    restored = section(drawn(replace(plan, archive=remote)), "What is restored")

    assert "storage s3: nothing is left here" in restored
    assert "in oempro/weekly" in restored
    assert "fetched       1.0 GiB over the network" in restored
    assert "over the network" not in drawn(plan)


def test_a_refusal_stands_with_what_to_do_and_the_option_that_overrides_it() -> None:
    lines = plan_lines(document_of(make_plan(refusals=(FOREIGN,))), symbols=SYMBOLS)
    text = "\n".join(line.text for line in lines)

    refused = section(text, "What stands in the way")
    assert "(foreign_data)" in refused
    assert "    Do it nevertheless: --force-foreign" in refused.splitlines()
    assert lines[-1].text == "This cannot be done, for 1 reason (above). Nothing was touched."
    assert lines[-1].style == "red"


def test_commands_of_a_hint_are_not_broken() -> None:
    command = "docker run --name oempro_mysql " + " ".join(f"-e VARIABLE_{number}=VALUE" for number in range(20))
    refusal = replace(ABSENT, hint=f"Create it:\n{command}\n  --indented")

    lines = drawn(make_plan(refusals=(refusal,))).splitlines()

    assert f"    {command}" in lines
    assert "      --indented" in lines
    assert "nevertheless" not in lines[-3]


def test_missing_room_is_told_in_bytes_that_must_be_found() -> None:
    full = SpaceLine(
        path=Path("/srv"), purpose="unpacked backup", needed_bytes=5 * GIB, reserve_bytes=GIB, free_bytes=4 * GIB
    )
    long = replace(full, path=Path("/srv/customers/oempro/databases"), free_bytes=40 * GIB)

    lines = plan_lines(document_of(make_plan(spaces=(full, long))), symbols=SYMBOLS)

    red = " ".join(line.text.strip() for line in lines if line.style == "red")
    assert red == "x needs 5.0 GiB, 1.0 GiB must stay free; free 4.0 GiB: 2.0 GiB too little"
    assert "+ needs 5.0 GiB, 1.0 GiB must stay free; free 40.0 GiB" in "\n".join(line.text for line in lines)


@pytest.mark.parametrize(
    ("is_running", "is_answering", "expected"),
    [(True, True, "running, answers"), (True, False, "running, does not answer"), (False, False, "not running")],
)
def test_the_present_state_of_the_server_is_told(*, is_running: bool, is_answering: bool, expected: str) -> None:
    site = make_site(is_running=is_running, is_answering=is_answering)

    assert f"  now           {expected}" in drawn(make_plan(site=site)).splitlines()


def test_a_server_outside_docker_is_named_by_its_unit() -> None:
    text = drawn(make_plan(site=make_site(container=None, systemd_unit="mysql.service")))

    assert "  unit          mysql.service" in text.splitlines()
    assert "  container     oempro_mysql, image" not in text


def test_an_archive_that_nothing_vouches_for_is_told_so() -> None:
    plan = make_plan()
    assert plan.archive is not None
    archive = replace(plan.archive, sha256="", sha256_from="", storage="", reason="")

    text = drawn(replace(plan, archive=archive, backup_id="", taken_at=None))

    assert text.splitlines()[0] == f"Restore {archive.name} to oempro"
    assert "a file outside the catalog" in text
    assert "unknown: nothing tells whether the archive is whole" in text
    assert "data as of    unknown" in text


def test_another_directory_is_told_to_leave_servers_alone() -> None:
    text = drawn(make_plan(target_directory=Path("/srv/elsewhere"), site=None, swaps=()))

    assert text.splitlines()[0].endswith(" to /srv/elsewhere")
    assert "No server is stopped or changed." in text
    assert "What changes places" not in text


def test_a_terminal_shows_refusals_in_red() -> None:
    screen = MemoryScreen(colour=True)

    draw_plan(document_of(make_plan(refusals=(FOREIGN,))), screen)

    assert "\x1b[31mThis cannot be done" in screen.shown
