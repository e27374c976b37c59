"""What a hook's programs are told."""

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.hooks import LONGEST_CHARACTERS, Hook, HookFacts, hook_environment
from tests.fakes.runs import a_run

RUN = a_run(tiers=frozenset({Tier.WEEKLY, Tier.DAILY}))


def test_every_fact_has_its_variable() -> None:
    facts = HookFacts(
        hook=Hook.ON_FAILURE, run=RUN, outcome="failed", error="no space", error_code="no_space", hint="Free some."
    )

    assert hook_environment(facts) == {
        "OCTETH_BACKUPD_HOOK": "on_failure",
        "OCTETH_BACKUPD_RUN_ID": RUN.run_id,
        "OCTETH_BACKUPD_OPERATION": "backup",
        "OCTETH_BACKUPD_SERVER": "oempro",
        "OCTETH_BACKUPD_TRIGGER": "manual",
        "OCTETH_BACKUPD_TIERS": "daily weekly",
        "OCTETH_BACKUPD_REQUESTED_BY": "uid 0 (root)",
        "OCTETH_BACKUPD_OUTCOME": "failed",
        "OCTETH_BACKUPD_BACKUP_ID": "",
        "OCTETH_BACKUPD_ARCHIVE": "",
        "OCTETH_BACKUPD_ERROR": "no space",
        "OCTETH_BACKUPD_ERROR_CODE": "no_space",
        "OCTETH_BACKUPD_HINT": "Free some.",
    }


def test_a_value_is_cut_and_cannot_break_the_environment() -> None:
    told = hook_environment(HookFacts(hook=Hook.ON_FAILURE, run=RUN, error="a\0b" + "x" * 10_000))

    assert told["OCTETH_BACKUPD_ERROR"].startswith("a\N{REPLACEMENT CHARACTER}bxx")
    assert len(told["OCTETH_BACKUPD_ERROR"]) == LONGEST_CHARACTERS
