"""``undo``."""

import io

import pytest

from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.domain.restore.journal import Journal
from octeth_backupd.domain.restore.machine import State
from tests.fakes.restores import make_journal
from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection, MemoryScreen, run_command


def services_with(*journals: Journal) -> FakeServices:
    services = FakeServices()
    services.journals = list(journals)
    return services


def undo(services: FakeServices, *argv: str) -> tuple[int, MemoryScreen]:
    return run_command(FakeConnection(services), "undo", *argv)


def begun(services: FakeServices) -> list[str]:
    return [asked["server"] for method, asked in services.requests if method == "request_undo"]


def test_the_only_safety_copy_is_undone_and_it_is_told_what_that_means() -> None:
    services = services_with(make_journal())
    services.performs = True

    code, screen = undo(services, "--yes")

    assert code == 0
    assert begun(services) == ["oempro"]
    assert "the restored data is kept aside" in " ".join(screen.shown.split())
    assert "undo of oempro: success" in screen.shown


@pytest.mark.parametrize(
    "journals",
    [
        (),
        (make_journal(state=State.ROLLED_BACK),),
        (make_journal(state=State.ABORTED, has_swapped=False),),
        (make_journal(removed_at=make_journal().created_at),),
    ],
)
def test_without_a_safety_copy_there_is_nothing_to_undo(journals: tuple[Journal, ...]) -> None:
    services = services_with(*journals)

    with pytest.raises(CommandFailedError, match="nothing can be undone") as caught:
        undo(services, "--yes")

    assert caught.value.exit_code == 2
    assert begun(services) == []


def test_of_several_servers_one_must_be_named() -> None:
    services = services_with(make_journal(), make_journal(restore_id="other", server="other"))

    with pytest.raises(CommandFailedError, match="oempro, other"):
        undo(services, "--yes")
    undo(services, "--yes", "--server", "other", "--detach")

    assert begun(services) == ["other"]


def test_the_newest_restore_is_the_one_that_is_shown() -> None:
    services = services_with(make_journal(restore_id="newer", backup_id=""), make_journal(restore_id="older"))

    _, screen = undo(services, "--yes", "--detach")

    assert "Undo restore newer of oempro" in screen.shown
    assert "older" not in screen.shown


def test_it_is_confirmed_by_the_servers_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("oempro\n"))
    services = services_with(make_journal())

    with pytest.raises(CommandFailedError) as caught:
        undo(services)

    assert "--yes" in caught.value.hint
    assert begun(services) == []
