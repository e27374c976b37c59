"""A real daemon tells real endpoints: what arrives, what an endpoint in a bad mood costs, and what follows later."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.daemon import Daemon
from tests.environment.plain_mariadb import PlainMariaDb
from tests.environment.receivers import HttpReceiver, SmtpReceiver, http_receiver, raw_receiver, smtp_receiver
from tests.environment.tls_authority import ServerCertificate, make_server_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.conftest import WritePassword

CANARIES = ("canary-smtp-password", "canary-ping-0123456789", "canary-hook-0123456789", "canary-bearer-0123456789")
AWAY = {"socket": "/nonexistent/mysqld.sock"}
MOST_EXTRA_SECONDS = 1.0


@pytest.fixture
def certificate(tmp_path: Path) -> ServerCertificate:
    return make_server_certificate(tmp_path)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def wait_until(holds: Callable[[], bool], *, timeout_seconds: float = 30) -> None:
    limit = time.monotonic() + timeout_seconds
    while not holds():
        assert time.monotonic() < limit, "it did not come about in time"
        time.sleep(0.05)


def notifier(daemon: Daemon, name: str) -> dict[str, Any]:
    [found] = [one for one in daemon.api("/v1/status")["notifiers"] if one["name"] == name]
    return dict(found)


def seconds_of(run: dict[str, Any]) -> float:
    begun, ended = (datetime.fromisoformat(run[key]) for key in ("started_at", "finished_at"))
    return (ended - begun).total_seconds()


def fail_once(daemon: Daemon, server: str = "away") -> float:
    """Order a backup of a server that is not there; return how long the daemon took until its end was told."""
    begun = time.monotonic()
    daemon.backup("--server", server)
    return time.monotonic() - begun


def test_each_notifier_gets_one_message_of_a_success_and_one_of_a_failure(
    tmp_path: Path, password_file: WritePassword, certificate: ServerCertificate, stack: ExitStack
) -> None:
    tls = certificate.server_context()
    smtp: SmtpReceiver = stack.enter_context(smtp_receiver(tls))
    ping: HttpReceiver = stack.enter_context(http_receiver(certificate.server_context()))
    hook: HttpReceiver = stack.enter_context(http_receiver(certificate.server_context()))
    chat: HttpReceiver = stack.enter_context(http_receiver())
    server = stack.enter_context(PlainMariaDb(directory=tmp_path / "server"))
    secret = tmp_path / "smtp.password"
    secret.write_text("canary-smtp-password\n")
    bundle, on = str(certificate.ca_bundle), ["success", "failure"]
    sections: dict[str, dict[str, Any]] = {
        "notify.mail": {
            "kind": "email",
            "host": "127.0.0.1",
            "port": smtp.port,
            "user": "backup",
            "password_file": str(secret),
            "sender": "backup@example.com",
            "recipients": ["dba@example.com"],
            "ca_bundle": bundle,
            "on": on,
        },
        "notify.ping": {
            "kind": "healthchecks",
            "url": ping.url("/canary-ping-0123456789", scheme="https"),
            "ca_bundle": bundle,
        },
        "notify.hook": {
            "kind": "webhook",
            "url": hook.url("/canary-hook-0123456789", scheme="https"),
            "ca_bundle": bundle,
            "on": on,
        },
        "notify.hook.headers": {"Authorization": "Bearer canary-bearer-0123456789"},
        "notify.chat": {"kind": "apprise", "url": chat.url("/", scheme="json"), "on": on},
    }
    good = {"socket": str(server.socket), "password_file": str(password_file(server))}
    with Daemon(directory=tmp_path / "daemon", servers={"oempro": good, "away": AWAY}, sections=sections) as daemon:
        tested = daemon.ctl("notify", "test")
        assert (tested.exit_code, tested.out.count("sent in")) == (0, 4), tested.out + tested.err
        assert daemon.backup("--server", "oempro").exit_code == 0
        assert daemon.backup("--server", "away").exit_code == 1
        wait_until(
            lambda: (len(smtp.messages), len(ping.requests), len(hook.requests), len(chat.requests)) == (3, 5, 3, 3)
        )
        [failed, succeeded] = daemon.runs()
        shown = [daemon.ctl(*words).out for words in (("status",), ("notify", "list"), ("config", "show"), ("doctor",))]
        shown += [daemon.ctl("status", "--json").out, daemon.ctl("notify", "list", "--json").out]
    log = daemon.log()

    subjects = [message["Subject"] for message in smtp.messages[1:]]
    assert "oempro: backup succeeded" in subjects[0]
    assert subjects[1].startswith("ERROR: away: backup failed")
    plain = smtp.messages[2].get_body(("plain",))
    assert plain is not None
    for words in (failed["error"].splitlines()[0], failed["hint"], "octeth-backupctl doctor --server away"):
        assert words in plain.get_content()

    paths = [request.path.removeprefix("/canary-ping-0123456789") for request in ping.requests]
    assert paths == ["/log", "/start", "", "/start", "/fail"]
    rids = [request.query.get("rid") for request in ping.requests]
    assert rids[1] == rids[2] != rids[3] == rids[4]
    assert failed["hint"] in ping.requests[4].body.decode()

    documents = [request.document for request in hook.requests[1:]]
    assert [document["status"] for document in documents] == ["success", "failure"]
    assert documents[0]["backup_size"]
    assert documents[1]["error"] == failed["error"]
    assert hook.requests[0].headers["Authorization"] == "Bearer canary-bearer-0123456789"
    assert [request.document["type"] for request in chat.requests[1:]] == ["info", "failure"]
    assert (succeeded["status"], failed["status"]) == ("success", "failed")

    told = [message.as_string() for message in smtp.messages]
    told += [request.body.decode() for request in (*ping.requests, *hook.requests, *chat.requests)]
    catalog = (daemon.state_directory / "catalog.sqlite").read_bytes()
    for canary in (*CANARIES, server.root_password):
        assert canary not in log
        assert [text for text in (*shown, *told) if canary in text] == []
        assert canary.encode() not in catalog


def test_an_endpoint_in_a_bad_mood_costs_no_run_any_time_and_gets_everything_later(
    tmp_path: Path, certificate: ServerCertificate, stack: ExitStack
) -> None:
    receivers = {
        name: stack.enter_context(http_receiver(certificate.server_context() if name == "untrusted" else None))
        for name in ("good", "hangs", "resets", "fails", "limits", "untrusted")
    }
    silent = stack.enter_context(raw_receiver(resets=False))
    sections: dict[str, dict[str, Any]] = {
        f"notify.{name}": {
            "kind": "webhook",
            "url": receiver.url("/hook", scheme="https" if name == "untrusted" else "http"),
            "timeout_seconds": 2,
            "on": ["failure"],
        }
        for name, receiver in receivers.items()
    }
    sections["notify.silent"] = {
        "kind": "email",
        "host": "127.0.0.1",
        "port": silent,
        "security": "none",
        "sender": "backup@example.com",
        "recipients": ["dba@example.com"],
        "on": ["failure"],
    }
    # What one server fails of is told once; several have something to tell each.
    servers = ("away-1", "away-2", "away-3")
    daemon = Daemon(
        directory=tmp_path / "daemon",
        servers={name: {"socket": f"/nonexistent/{name}.sock"} for name in ("away", *servers, "away-4")},
    )
    with daemon:
        alone = min(fail_once(daemon) for _ in range(3))
        alone_runs = daemon.runs()
    for name, mood in {"hangs": -1, "resets": 0, "fails": 500, "limits": 429}.items():
        receivers[name].status = mood
    receivers["limits"].answer_headers = {"Retry-After": "3600"}
    daemon.sections = sections
    daemon.write_config()

    daemon.start()
    watched = min(fail_once(daemon, server) for server in servers)
    runs = daemon.runs()[:3]
    bad = ("hangs", "resets", "fails", "limits", "untrusted")
    wait_until(lambda: len(receivers["good"].requests) == 4)  # and what was wrong before it was there
    wait_until(lambda: all(notifier(daemon, name)["state"] == "failing" for name in bad))
    states = {name: notifier(daemon, name) for name in bad}
    warnings = daemon.api("/v1/status")["warnings"]
    begun = time.monotonic()
    daemon.stop()
    stopped_in = time.monotonic() - begun
    daemon.start()
    fail_once(daemon, "away-4")
    daemon.kill()

    assert watched - alone < MOST_EXTRA_SECONDS
    assert min(map(seconds_of, runs)) - min(map(seconds_of, alone_runs)) < MOST_EXTRA_SECONDS
    assert stopped_in < 15
    assert {name: state["waiting"] for name, state in states.items()} == dict.fromkeys(bad, 4)
    for name, words in {
        "hangs": "no answer",
        "resets": "no connection",
        "fails": "500",
        "limits": "429",
        "untrusted": "certificate",
    }.items():
        assert words in states[name]["last_error"]
        assert any(f"notifier {name} does not get through" in warning for warning in warnings)

    for receiver in receivers.values():
        receiver.status = 200
    daemon.sections = sections | {
        "notify.untrusted": sections["notify.untrusted"] | {"ca_bundle": str(certificate.ca_bundle)}
    }
    daemon.write_config()
    daemon.start()
    wait_until(lambda: all(len(receiver.requests) >= 5 for receiver in receivers.values()))
    wait_until(lambda: all(notifier(daemon, name)["state"] == "ok" for name in receivers))
    order = {
        name: list(dict.fromkeys(request.document["notice"]["notice_id"] for request in receiver.requests))
        for name, receiver in receivers.items()
    }
    daemon.stop()
    assert order == dict.fromkeys(receivers, order["good"])


def test_a_reload_takes_a_corrected_address_and_delivers_what_waits(tmp_path: Path, stack: ExitStack) -> None:
    receiver = stack.enter_context(http_receiver())
    receiver.status = 404
    table = {"kind": "webhook", "url": receiver.url("/old-0123456789"), "on": ["failure"]}
    daemon = Daemon(directory=tmp_path / "daemon", servers={"away": AWAY}, sections={"notify.hook": table})
    with daemon:
        fail_once(daemon)
        wait_until(lambda: notifier(daemon, "hook")["state"] == "failing")
        listed = daemon.ctl("notify", "list", "hook")
        tested = daemon.ctl("notify", "test", "hook")
        receiver.status = 200
        daemon.sections = {"notify.hook": table | {"url": receiver.url("/new-0123456789")}}
        daemon.write_config()
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: notifier(daemon, "hook")["state"] == "ok")

    assert "answers 404" in listed.out
    assert (tested.exit_code, "answers 404" in tested.out) == (1, True)
    assert [request.path for request in receiver.requests] == ["/new-0123456789"]
