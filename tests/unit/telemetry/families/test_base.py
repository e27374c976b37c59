"""What families are built with."""

from datetime import UTC, datetime

from octeth_backupd.telemetry.families.base import counter, gauge, seconds_of


def test_never_is_zero_seconds() -> None:
    assert seconds_of(None) == 0.0
    assert seconds_of(datetime(1970, 1, 1, 0, 1, tzinfo=UTC)) == 60.0


def test_families_know_whether_they_only_grow() -> None:
    assert gauge("a", "text", lambda _: ()).kind == "gauge"
    assert counter("a_total", "text", lambda _: (), ("server",)).kind == "counter"
