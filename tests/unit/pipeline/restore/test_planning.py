"""The whole plan of a restore."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.restore.journal import Journal
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.domain.restore.plan import Refusal
from octeth_backupd.domain.restore.site import DataState
from octeth_backupd.domain.restore.swap import Swap, SwapMethod
from octeth_backupd.domain.server import ServerIdentity, Vendor, parse_version
from octeth_backupd.errors import RestoreRefusedError
from octeth_backupd.pipeline.restore import planning
from octeth_backupd.pipeline.restore.planning import plan_restore
from tests.fakes.catalog_values import START, StandingClock, make_backup
from tests.fakes.manifests import make_manifest
from tests.fakes.sites import make_site

if TYPE_CHECKING:
    from octeth_backupd.domain.restore.plan import RestorePlan
    from octeth_backupd.domain.restore.site import Site
    from tests.fakes.bench import Bench

CLOCK = StandingClock(START + timedelta(hours=10))
FOREIGN = ServerIdentity(vendor=Vendor.MYSQL, server_uuid="99999999-71ca-11e1-9e33-c80aa9429562")


class Scene:
    """A backup in the catalog, and a site that is as a test says."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        data = bench.directory / "mysql"
        site = make_site()
        self.site: Site | None = replace(site, host_paths=dict.fromkeys(site.host_paths, data))
        self.against: tuple[Refusal, ...] = ()
        self.others: tuple[Refusal, ...] = ()
        self.swaps_error: RestoreRefusedError | None = None
        self.swap = Swap(role="data", live=data, room=bench.directory / ".room", method=SwapMethod.EXCHANGE)
        monkeypatch.setattr(planning, "find_site", lambda *_, **__: (self.site, self.against))
        monkeypatch.setattr(planning, "other_containers", lambda *_: self.others)
        monkeypatch.setattr(planning, "plan_swaps", self._plan_swaps)
        self.backup = make_backup(manifest=make_manifest().to_mapping())

    def _plan_swaps(self, _site: Site, _run_id: str) -> tuple[tuple[Swap, ...], str]:
        if self.swaps_error is not None:
            raise self.swaps_error
        return (self.swap,), "exchanged"

    def change_site(self, **changes: Any) -> None:
        assert self.site is not None
        self.site = replace(self.site, **changes)

    def enter(self) -> None:
        path = self.bench.backups / self.backup.copies[0].key
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 2_000)
        self.bench.catalog.add_backup(self.backup)

    def plan(self, **order: Any) -> RestorePlan:
        if not self.bench.catalog.backup_id_exists(self.backup.backup_id):
            self.enter()
        return plan_restore(
            RestoreOrder(**{"backup_id": self.backup.backup_id, **order}),
            "oempro",
            self.bench.parts(),
            installation_id=make_manifest().installation_id,
            run_id="run-9",
            clock=CLOCK,
        )


@pytest.fixture
def scene(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(bench, monkeypatch)


def codes(plan: RestorePlan) -> list[str]:
    return [refusal.code for refusal in plan.refusals]


def test_a_plan_that_holds_says_everything(scene: Scene) -> None:
    plan = scene.plan()

    assert plan.refusals == ()
    assert (plan.site, plan.swaps, plan.exchange) == (scene.site, (scene.swap,), "exchanged")
    assert plan.archive is not None
    assert Path(plan.archive.place).is_file()
    assert plan.taken_at == START
    assert plan.staging == (scene.swap.incoming,)
    assert all((plan.prepare, plan.rehearsal, plan.accounts, plan.downtime, plan.old_data))
    assert [line.path for line in plan.spaces] == [scene.swap.room.parent]
    assert "10 h 0 min ago" in plan.warnings[0]


def test_what_is_carried_over_is_listed(scene: Scene) -> None:
    for name in ("ca.pem", "mysqld-auto.cnf", "auto.cnf", "ibdata1"):
        (scene.bench.directory / "mysql" / name).touch()

    assert scene.plan().carried_over == ("ca.pem", "mysqld-auto.cnf")
    assert scene.plan(keep_server_uuid=True).carried_over == ("auto.cnf", "ca.pem", "mysqld-auto.cnf")


def test_foreign_data_is_refused_unless_ordered(scene: Scene) -> None:
    scene.change_site(identity=FOREIGN)

    assert codes(scene.plan()) == ["foreign_data"]
    forced = scene.plan(force_foreign=True)
    assert forced.refusals == ()
    assert any(FOREIGN.server_uuid in warning for warning in forced.warnings)


def test_all_that_stands_in_the_way_is_said_at_once(scene: Scene) -> None:
    scene.change_site(identity=FOREIGN, version=parse_version("8.0.30"))
    scene.against = (Refusal(code="separate_directories", message="x"),)
    scene.others = (Refusal(code="other_container", message="x"),)
    scene.swaps_error = RestoreRefusedError("cannot")
    journal = Journal(restore_id="run-1", installation_id="i", server="oempro", state=State.GATING, created_at=START)
    scene.bench.parts().journals.write(journal)

    assert sorted(codes(scene.plan())) == [
        "cannot_swap",
        "foreign_data",
        "newer_version",
        "other_container",
        "separate_directories",
        "unresolved_restore",
    ]


def test_no_trial_is_made_on_a_read_only_file_system(scene: Scene) -> None:
    scene.against = (Refusal(code="read_only_file_system", message="x"),)
    scene.swaps_error = RestoreRefusedError("must not be asked")

    plan = scene.plan()

    assert codes(plan) == ["read_only_file_system"]
    assert "not tried" in plan.exchange


def test_without_a_site_the_archive_is_still_shown(scene: Scene) -> None:
    scene.site, scene.against = None, (Refusal(code="container_absent", message="x"),)

    plan = scene.plan()

    assert codes(plan) == ["container_absent"]
    assert plan.archive is not None
    assert (plan.site, plan.swaps) == (None, ())


def test_without_a_copy_the_site_is_still_shown(scene: Scene) -> None:
    scene.enter()
    (scene.bench.backups / scene.backup.copies[0].key).unlink()

    plan = scene.plan()

    assert codes(plan) == ["no_copy"]
    assert plan.site is scene.site


def test_space_that_lacks_is_refused(scene: Scene) -> None:
    manifest = make_manifest()
    large = manifest.model_copy(update={"sizes": manifest.sizes.model_copy(update={"prepared_bytes": 1 << 60})})
    scene.backup = make_backup(manifest=large.to_mapping())

    assert codes(scene.plan()) == ["no_space"]


def test_files_in_a_directory_of_their_own_need_no_server(scene: Scene) -> None:
    scene.against = (Refusal(code="container_absent", message="x"),)

    plan = scene.plan(target_directory=scene.bench.directory / "new")

    assert plan.refusals == ()
    assert plan.site is None
    assert plan.target_directory == scene.bench.directory / "new"


def test_a_suspect_backup_and_an_empty_directory_are_worth_a_word(scene: Scene) -> None:
    scene.backup = replace(scene.backup, suspect="half as large as the last one")
    scene.change_site(data_state=DataState.EMPTY, user_schemas=(), is_answering=False)

    warnings = scene.plan().warnings

    assert any("half as large" in warning for warning in warnings)
    assert any("make sure that it is mounted" in warning for warning in warnings)


def test_the_safety_copy_that_will_go_is_named(scene: Scene) -> None:
    journals = scene.bench.parts().journals
    for number in (1, 2):
        journals.write(
            Journal(
                restore_id=f"run-{number}",
                installation_id="i",
                server="oempro",
                state=State.COMMITTED,
                has_swapped=True,
                created_at=START + timedelta(days=number),
            )
        )

    assert any("at most 2 are kept" in warning for warning in scene.plan().warnings)
    assert any("that of 2026-11-23 02:00 UTC" in warning for warning in scene.plan().warnings)

    scene.change_site(data_state=DataState.EMPTY, user_schemas=(), is_answering=False)

    assert not any("safety copies" in warning for warning in scene.plan().warnings)
