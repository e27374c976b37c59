"""The application as a whole: its paths and its errors."""

import json
from pathlib import Path

import pytest

from octeth_backupd.control.api import build_api
from octeth_backupd.control.limits import Limits
from octeth_backupd.errors import BusyError, CatalogError
from tests.fakes.api_client import ask
from tests.fakes.services import FakeServices

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "api.md"


def routes() -> set[str]:
    paths = build_api(FakeServices(), limits=Limits()).openapi()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def test_the_reference_page_has_a_heading_for_each_route_and_no_other() -> None:
    headings = {
        line.removeprefix("### ").replace("`", "")
        for line in REFERENCE.read_text().splitlines()
        if line.startswith("### `")
    }

    assert headings == routes()


def test_the_reference_page_names_every_key_of_every_document() -> None:
    text = REFERENCE.read_text()
    keys = json.loads(Path(__file__).with_name("document_keys.json").read_text())

    missing = {f"{model}.{key}" for model, names in keys.items() for key in names if f"`{key}`" not in text}

    assert missing == set()


def test_openapi_is_served() -> None:
    document = ask(FakeServices(), "GET", "/v1/openapi.json").json()

    assert document["info"]["title"] == "octeth-backupd"
    assert "/v1/status" in document["paths"]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v2/status", "/v1/backups/", "/docs", "/../etc/passwd"])
def test_an_unknown_path_is_a_clean_404_or_400(path: str) -> None:
    response = ask(FakeServices(), "GET", path)

    assert response.status_code in {404, 400}
    assert response.json()["error"]["code"] in {"not_found", "invalid_request"}


def test_a_method_that_a_path_does_not_take_is_told() -> None:
    response = ask(FakeServices(), "DELETE", "/v1/status")

    assert response.status_code == 405
    assert response.json()["error"]["message"] == "this path does not take that method"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{bad", "JSON"),
        (b"[]", "body"),
        (b'{"wait": "perhaps"}', "body.wait"),
        (b'{"server": 5}', "body.server"),
        (b'{"sever": "oempro"}', "body.sever"),
        (b"\xff\xfe", "body"),
        (b'{"wait":' + b"[" * 30_000, "body"),
    ],
)
def test_a_malformed_body_is_a_clean_400_that_says_where(body: bytes, told: str) -> None:
    services = FakeServices()

    response = ask(services, "POST", "/v1/backups", content=body, headers={"content-type": "application/json"})

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"
    assert told in response.json()["error"]["message"]
    assert services.requests == []


def test_a_value_that_is_refused_is_not_repeated() -> None:
    response = ask(FakeServices(), "POST", "/v1/backups", json={"server": ["hunter2"]})

    assert "hunter2" not in response.text


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "limit=100001"])
def test_an_impossible_limit_is_refused(query: str) -> None:
    response = ask(FakeServices(), "GET", f"/v1/backups?{query}")

    assert response.status_code == 400
    assert "query.limit" in response.json()["error"]["message"]


def test_an_error_of_the_services_reaches_the_client_with_its_hint() -> None:
    services = FakeServices()
    services.fail_with = BusyError("run 7 holds the server", hint="Use --wait.")

    response = ask(services, "GET", "/v1/status")

    assert response.status_code == 409
    assert response.json()["error"] == {"code": "busy", "message": "run 7 holds the server", "hint": "Use --wait."}


def test_a_passing_failure_is_told_as_unavailable() -> None:
    services = FakeServices()
    services.fail_with = CatalogError("the catalog is locked", retryable=True)

    assert ask(services, "GET", "/v1/status").status_code == 503
