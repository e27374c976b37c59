from __future__ import annotations

from octeth_backupd.settings.systemd import service_directories, socket_beside


def test_first_of_several_directories_is_taken() -> None:
    environment = {"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "RUNTIME_DIRECTORY": "/run/a"}

    assert service_directories(environment) == {
        "daemon": {"state_directory": "/var/lib/a", "runtime_directory": "/run/a"}
    }


def test_outside_systemd_nothing_is_said() -> None:
    assert service_directories({}) == {}


def test_socket_follows_the_runtime_directory() -> None:
    values = {"daemon": {"runtime_directory": "/run/other"}}

    assert socket_beside(values) == {"control": {"socket": "/run/other/control.sock"}}


def test_configured_socket_and_usual_directory_stay() -> None:
    daemon = {"runtime_directory": "/run/other"}

    assert socket_beside({"daemon": daemon, "control": {"socket": "/x"}}) == {}
    assert socket_beside({"daemon": {"runtime_directory": "/run/octeth-backupd"}}) == {}
    assert socket_beside({"daemon": daemon, "control": "wrong"}) == {}
