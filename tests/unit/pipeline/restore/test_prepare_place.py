"""Whether a backup must be prepared, and what can do it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import Mode
from octeth_backupd.domain.restore.plan import ArchiveFormat, ArchiveSource
from octeth_backupd.errors import EngineError
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.restore import prepare_place
from octeth_backupd.pipeline.restore.prepare_place import prepare_words
from tests.fakes.manifests import make_manifest
from tests.fakes.sites import make_site

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


class Found:
    place = "host"


def archive(**fields: Any) -> ArchiveSource:
    values: dict[str, Any] = {
        "path": Path("/b/x.tar.gz"),
        "storage": "",
        "place": "/b/x.tar.gz",
        "name": "x.tar.gz",
        "archive_format": ArchiveFormat.TAR,
        "size_bytes": 1,
        "unpacked_bytes": 8,
    }
    return ArchiveSource(**values | fields)


def words_of(bench: Bench, source: ArchiveSource, **options: Any) -> tuple[str, str]:
    parts = bench.parts()
    programs = Programs(parts, installation_id="i", run_id="r")
    words, refusal = prepare_words(parts, programs, source, options.get("site", make_site()))
    return words, refusal.code if refusal else ""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    questions: list[dict[str, Any]] = []

    def find(_parts: object, _programs: object, **question: Any) -> Found:
        questions.append(question)
        return Found()

    monkeypatch.setattr(prepare_place, "find_preparer", find)
    return questions


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(*_: object, **__: object) -> Found:
        raise EngineError("no xtrabackup 8.0 is there", hint="Install it.")

    monkeypatch.setattr(prepare_place, "find_preparer", find)


def test_a_backup_of_our_own_was_prepared_when_it_was_made(bench: Bench, asked: list[dict[str, Any]]) -> None:
    assert words_of(bench, archive(manifest=make_manifest())) == (
        "Not needed: the backup was prepared when it was made.",
        "",
    )
    assert asked == []


def test_a_stream_is_prepared_with_the_engine_of_the_servers_version(bench: Bench, asked: list[dict[str, Any]]) -> None:
    words, code = words_of(bench, archive(archive_format=ArchiveFormat.XBSTREAM))

    assert (code, "xtrabackup does that (host)" in words) == ("", True)
    assert (asked[0]["engine_name"], str(asked[0]["version"]), asked[0]["server_image"]) == (
        "xtrabackup",
        "8.0.36",
        "sha256:11",
    )


@pytest.mark.usefixtures("nothing")
@pytest.mark.parametrize(
    "source",
    [archive(archive_format=ArchiveFormat.XBSTREAM), archive(manifest=make_manifest(mode=Mode.STREAMED))],
    ids=["xbstream", "manifest"],
)
def test_what_is_certainly_not_prepared_is_refused_where_nothing_can_do_it(bench: Bench, source: ArchiveSource) -> None:
    assert words_of(bench, source)[1] == "engine_missing"


@pytest.mark.usefixtures("nothing")
def test_what_may_be_prepared_is_not_refused_for_want_of_an_engine(bench: Bench) -> None:
    words, code = words_of(bench, archive())

    assert code == ""
    assert "no xtrabackup 8.0 is there" in words


def test_without_manifest_and_server_nobody_is_asked(bench: Bench, asked: list[dict[str, Any]]) -> None:
    assert words_of(bench, archive(), site=None)[1] == ""
    assert asked == []
