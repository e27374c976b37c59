"""What a sync found, as tables and lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.wording import moment, size

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen

_SHOWN = 10
_STYLES = {"missing": "red", "corrupt": "red", "unusable": "red", "incomplete": "yellow"}


def draw_sync(report: Json | None, screen: Screen, *, with_all: bool) -> None:
    """Show a report: one line for each storage backend, whose backups there are, then what was found.

    Args:
        report: As the daemon has it; None: there was no sync yet.
        screen: Where to.
        with_all: Every finding, not the first ones of each kind.
    """
    if report is None:
        screen.line("There was no sync yet. Make one: octeth-backupctl sync")
        return
    screen.line()
    screen.line(f"Compared {moment(report['at'])}", style="bold")
    kinds = sorted({kind for storage in report["storages"] for kind in storage["counts"]}, key=_urgency)
    header = ("STORAGE", "ARCHIVES", "SIZE", "NEW", "CHANGED", *(kind.upper() for kind in kinds))
    rows = [_storage_row(storage, kinds) for storage in report["storages"]]
    screen.table(header, rows, right=frozenset(header[1:]))
    for storage in report["storages"]:
        if storage["problem"]:
            screen.line(f"{storage['storage']}: {storage['problem']}", style="red")
            if storage["hint"]:
                screen.line(f"  {storage['hint']}")
    if report["states_taken"]:
        screen.line(f"{report['states_taken']} pins, holds, accepts, proofs and doubts were taken over")
    _draw_installations(report, screen)
    for kind in kinds:
        _draw_findings(kind, report, screen, with_all=with_all)
    if report["findings_left_out"]:
        screen.line(f"{report['findings_left_out']} more findings are in the log only")


def _storage_row(storage: Json, kinds: list[str]) -> tuple[str, ...]:
    counts = [str(storage["counts"].get(kind, 0)) for kind in kinds]
    numbers = (storage["archives"], size(storage["archive_bytes"]), storage["added"], storage["changed"])
    return (storage["storage"], *(str(number) for number in numbers), *counts)


def _draw_installations(report: Json, screen: Screen) -> None:
    if all(one["is_own"] for one in report["installations"]):
        return
    screen.line()
    screen.table(
        ("INSTALLATION", "", "BACKUPS", "SERVERS", "NEWEST"),
        [
            (
                one["installation_id"],
                "this one" if one["is_own"] else "adopted" if one["is_ours"] else "foreign",
                str(one["backups"]),
                ", ".join(one["servers"]),
                one["newest"] or "-",
            )
            for one in report["installations"]
        ],
        right=frozenset({"BACKUPS"}),
    )
    if not all(one["is_ours"] for one in report["installations"]):
        screen.line("Those of a lost host are taken over with octeth-backupctl sync --adopt INSTALLATION.")


def _draw_findings(kind: str, report: Json, screen: Screen, *, with_all: bool) -> None:
    found = [finding for storage in report["storages"] for finding in storage["findings"] if finding["kind"] == kind]
    shown = found if with_all else found[:_SHOWN]
    screen.line()
    screen.line(kind, style=_STYLES.get(kind, "bold"))
    for finding in shown:
        screen.line(f"  {finding['storage']}: {finding['key']}")
        screen.line(f"      {finding['detail']}")
        if finding["is_known"] and finding["has_other_copy"]:
            screen.line("      known already, and the backup has another copy: no new trouble")
        if finding["outcome"]:
            screen.line(f"      {finding['outcome']}")
        elif finding["repair"]:
            screen.line(f"      {finding['repair']}: with --repair, where it is ours")
    if len(found) > len(shown):
        screen.line(f"  … and {len(found) - len(shown)} more: octeth-backupctl sync --last --all")


def _urgency(kind: str) -> tuple[int, str]:
    order = list(_STYLES)
    return (order.index(kind) if kind in order else len(order), kind)
