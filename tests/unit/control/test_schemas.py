"""The JSON documents are an interface: keys are added on purpose and never removed."""

import json
from pathlib import Path
from typing import Any

from octeth_backupd.control import (
    freshness_schemas,
    notifier_schemas,
    restore_schemas,
    retention_schemas,
    schemas,
    sync_schemas,
)
from octeth_backupd.control.notifier_view import NotifierView
from octeth_backupd.control.problem_view import ProblemView
from octeth_backupd.control.routes.backups import backup_document
from octeth_backupd.control.schemas import Document, RunView, View
from octeth_backupd.control.stock_view import StoredCopiesView
from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.summary import backup_summary
from tests.fakes.services import make_backup, make_run

KEYS = Path(__file__).with_name("document_keys.json")


def test_documents_have_exactly_the_keys_that_were_published() -> None:
    """A new key is added to document_keys.json and docs/reference/api.md together; an old one stays."""
    models = [
        model
        for module in (schemas, freshness_schemas, notifier_schemas, restore_schemas, retention_schemas, sync_schemas)
        for model in vars(module).values()
        if isinstance(model, type)
        and issubclass(model, View | Document | NotifierView | ProblemView | StoredCopiesView)
        and model not in {View, Document}
    ]

    found = {model.__name__: list(model.model_fields) for model in models}

    assert found == json.loads(KEYS.read_text())


def test_a_shown_backup_has_every_key_of_a_listed_one() -> None:
    backup = make_backup()
    shown = backup_document(backup).model_dump(mode="json")["backup"]
    listed = backup_summary(backup)

    assert set(listed) <= set(shown)
    assert {key: shown[key] for key in listed if key != "copies"} == {k: v for k, v in listed.items() if k != "copies"}
    assert set(listed["copies"][0]) <= set(shown["copies"][0])


def test_times_are_utc_with_a_z_and_tiers_are_in_their_order() -> None:
    run = make_run(tiers=frozenset({Tier.MONTHLY, Tier.DAILY, Tier.WEEKLY}))

    document: dict[str, Any] = RunView.model_validate(run).model_dump(mode="json")

    assert document["created_at"] == "2026-11-22T02:00:00Z"
    assert document["tiers"] == ["daily", "weekly", "monthly"]
    assert document["id"] == "run-1"
