"""The plan as clients see it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from octeth_backupd.daemon.retention_document import retention_json
from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.holdings import Hold
from octeth_backupd.domain.retention.plan import plan
from octeth_backupd.pipeline.retention.inventory import Inventory
from tests.fakes.services import make_retention
from tests.unit.domain.retention.builder import NOW, local_copy, nightly, policy, remote_copy


def inventory() -> Inventory:
    backups = tuple(nightly(40, local_copy(), remote_copy(), tier=Tier.DAILY))
    hold = Hold(
        hold_id=1,
        server="oempro",
        reason="tiny",
        backup_id="",
        protected=("a",),
        begun_at=datetime(2026, 11, 1, tzinfo=UTC),
    )
    rules = policy(remote=policy().counts["local"])
    return Inventory(server="oempro", backups=backups, holds=(hold,), plan=plan(backups, policy=rules, now=NOW))


def test_every_copy_is_told_with_its_reasons_and_what_goes_before_it() -> None:
    found = inventory()

    document = json.loads(retention_json(found, policy(), "waits"))

    assert (document["server"], document["waits_for"]) == ("oempro", "waits")
    assert len(document["copies"]) == 80
    assert document["copies"][0] == {
        "backup_id": "oempro-2026-11-26_02-00-00",
        "taken_at": "2026-11-26T02:00:00Z",
        "storage": "local",
        "size_bytes": 100,
        "expires": False,
        "after": [],
        "reasons": [
            {"code": "newest", "words": "the newest good backup"},
            {"code": "daily", "words": "stands for 2026-11-26"},
        ],
    }
    gone = [copy for copy in document["copies"] if copy["expires"]]
    assert document["expiring_copies"] == len(gone)
    assert document["expiring_bytes"] == 100 * len(gone)
    assert [copy["after"] for copy in gone if copy["storage"] == "local"] == [["s3"]] * (len(gone) // 2)
    assert document["holds"][0]["begun_at"] == "2026-11-01T00:00:00Z"
    assert document["shares"][0] == {"storage": "local", "tier": "daily", "copies": 40, "size_bytes": 4000}


def test_the_fake_that_the_command_line_is_tested_with_has_the_same_keys() -> None:
    document, fake = json.loads(retention_json(inventory(), policy(), "")), make_retention()

    assert set(document) == set(fake)
    for name in ("policy", "shares", "copies"):
        real, faked = (one[name] if name == "policy" else one[name][0] for one in (document, fake))
        assert set(real) == set(faked)
