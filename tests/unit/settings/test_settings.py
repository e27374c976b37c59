from __future__ import annotations

import pytest
from pydantic import ValidationError

from octeth_backupd.settings.settings import Settings

SERVERS = {"oempro": {"container": "oempro_mysql"}}
UTC = {"timezone": "UTC"}


def test_a_server_is_all_that_is_needed() -> None:
    settings = Settings.model_validate({"servers": SERVERS, "schedules": UTC})

    assert settings.backup.mode == "prepared"
    assert settings.servers["oempro"].container == "oempro_mysql"


def test_buckets_have_the_names_of_their_storages_and_all_secrets_are_known() -> None:
    key = {"access_key_id": "a", "secret_access_key": "hidden-1"}
    settings = Settings.model_validate(
        {
            "servers": {"oempro": {"container": "x", "password": "hidden-2"}},
            "schedules": UTC,
            "s3": {"bucket": "b", **key},
            "storages": {"second": {"bucket": "c", **key, "secret_access_key": "hidden-3"}},
        }
    )

    assert {name: bucket.bucket for name, bucket in settings.buckets.items()} == {"s3": "b", "second": "c"}
    assert sorted(settings.secrets) == ["hidden-1", "hidden-2", "hidden-3"]


def test_settings_cannot_be_changed() -> None:
    settings = Settings.model_validate({"servers": SERVERS, "schedules": UTC})

    with pytest.raises(ValidationError):
        settings.backup = settings.backup.model_copy()  # type: ignore[misc]


@pytest.mark.parametrize("name", ["a", "0", "oempro", "mail-2", "a_b", "x" * 63])
def test_names_fit_for_paths_are_accepted(name: str) -> None:
    assert name in Settings.model_validate({"servers": {name: SERVERS["oempro"]}, "schedules": UTC}).servers


@pytest.mark.parametrize("name", ["", "-a", "_a", ".a", "A", "a.b", "a/b", "a b", "a\n", "ä", "x" * 64])
def test_names_unfit_for_paths_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"servers": {name: SERVERS["oempro"]}, "schedules": UTC})


def test_every_secret_is_known_for_redaction() -> None:
    bucket = {"bucket": "b", "access_key_id": "id", "session_token": "token"}
    settings = Settings.model_validate(
        {
            "servers": {"oempro": {**SERVERS["oempro"], "password": "one"}, "shop": {"container": "shop"}},
            "s3": {**bucket, "secret_access_key": "two"},
            "storages": {"offsite": {**bucket, "prefix": "x", "secret_access_key": "three"}},
            "notify": {"ping": {"kind": "healthchecks", "url": "https://hc.example.com/0123456789abcdef"}},
            "schedules": UTC,
        }
    )

    assert settings.secrets[:5] == ("one", "two", "token", "three", "token")
    assert settings.secrets[5:] == ("https://hc.example.com/0123456789abcdef", "0123456789abcdef")
