"""What an error says was refused."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.notices.refusals import Refusal, refusal_in
from octeth_backupd.storage import s3_errors


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"])
def test_what_the_storage_says_of_keys_is_recognised(code: str) -> None:
    what, _ = s3_errors._WORDS[code]

    assert refusal_in(f"s3://backups: {what}") is Refusal.CREDENTIALS


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        ("s3://b: access denied (PutObject)", Refusal.CREDENTIALS),
        ("s3://b: no credentials", Refusal.CREDENTIALS),
        ("s3://b: no trusted connection to https://s3: certificate has expired", Refusal.CERTIFICATE),
        ("login: the server at 127.0.0.1 refused user 'root': Access denied", Refusal.CREDENTIALS),
        ("s3://b: nothing listens at https://s3", None),
        ("the quota is used up", None),
        ("", None),
    ],
)
def test_refusals_are_told_from_other_trouble(error: str, refused: Refusal | None) -> None:
    assert refusal_in(error) is refused
