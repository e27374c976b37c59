"""Ids on their way into a request."""

import httpx
import pytest

from octeth_backupd.cli.ctl.identifiers import quoted


@pytest.mark.parametrize("part", ["..", "../../etc", ".", "a/b", "a?b", "a#b", "%2e%2e", "latest", "ü"])
def test_an_id_stays_one_segment_of_the_path_whatever_it_holds(part: str) -> None:
    url = httpx.URL("http://x").join(f"/v1/backups/{quoted(part)}/verify")

    segments = url.raw_path.split(b"/")
    assert segments[:3] == [b"", b"v1", b"backups"]
    assert len(segments) == 5
    assert segments[4] == b"verify"
