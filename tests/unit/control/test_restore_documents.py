"""Plans and journals as documents."""

from datetime import timedelta

import pytest

from octeth_backupd.control.restore_documents import plan_document, restore_view
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.plan import RestorePlan
from octeth_backupd.domain.restore.site import Fact, Source
from tests.fakes.restores import ABSENT, FOREIGN, NOW, make_journal, make_plan, make_site


def test_a_plan_is_told_whole() -> None:
    document = plan_document(make_plan()).model_dump(mode="json")
    plan = document["plan"]

    assert document["possible"]
    assert set(RestorePlan.__dataclass_fields__) == set(plan)
    assert plan["taken_at"] == "2026-11-22T02:00:00Z"
    assert plan["archive"]["sha256_from"] == "manifest"
    assert (plan["site"]["container"], plan["site"]["version"]) == ("oempro_mysql", "9.7.4")
    assert [swap["method"] for swap in plan["swaps"]] == ["exchange", "entries"]
    assert plan["spaces"][0]["is_enough"]


def test_a_plan_with_a_refusal_is_not_possible() -> None:
    document = plan_document(make_plan(refusals=(FOREIGN, ABSENT))).model_dump(mode="json")

    assert not document["possible"]
    assert [(one["code"], one["flag"]) for one in document["plan"]["refusals"]] == [
        ("foreign_data", "--force-foreign"),
        ("container_absent", ""),
    ]


def test_a_plan_of_which_little_is_known_is_told_all_the_same() -> None:
    plan = make_plan(site=None, archive=None, taken_at=None, swaps=(), facts=(), refusals=(ABSENT,))

    document = plan_document(plan).model_dump(mode="json")

    assert (document["plan"]["site"], document["plan"]["archive"]) == (None, None)


def test_variables_and_command_of_the_server_stay_inside_the_daemon() -> None:
    plan = make_plan()

    assert plan.site is not None
    assert "hunter2" in str(plan.site)
    assert "hunter2" not in plan_document(plan).model_dump_json()


def test_facts_of_the_site_are_told_once() -> None:
    shared = Fact(name="owner", value="999:999", source=Source.FILES)
    own = Fact(name="version", value="9.7.4", source=Source.CATALOG)
    plan = make_plan(facts=(shared,), site=make_site(facts=(shared, own)))

    names = [fact.name for fact in plan_document(plan).plan.facts]

    assert names == ["owner", "version"]


def test_a_safety_copy_is_told_with_place_size_and_end() -> None:
    journal = make_journal(aside_bytes=2000)

    view = restore_view(journal)

    assert view.safety_copy == [swap.room for swap in journal.swaps]
    assert view.safety_copy_bytes == 2000
    assert view.expires_at == NOW + timedelta(hours=72)
    assert not view.is_open


def test_an_open_restore_is_told_with_its_state_since_when_and_what_to_do() -> None:
    journal = make_journal(state=State.SWAPPING, history=((State.SWAPPING, NOW + timedelta(minutes=7)),))

    view = restore_view(journal)

    assert (view.is_open, view.state) == (True, State.SWAPPING)
    assert view.state_since == NOW + timedelta(minutes=7)
    assert (view.safety_copy, view.safety_copy_bytes) == ([], None)
    assert any("start the daemon again" in line for line in view.advice)


@pytest.mark.parametrize("state", list(State))
def test_every_state_can_be_told(state: State) -> None:
    assert restore_view(make_journal(state=state, history=())).state_since == NOW
