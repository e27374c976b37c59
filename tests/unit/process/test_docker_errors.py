import requests
from docker.errors import DockerException

from octeth_backupd.process.docker_errors import connection_error, refused_error

HOST = "unix:///var/run/docker.sock"


def test_forbidden_socket_says_which_user_to_be() -> None:
    error = connection_error(_as_the_sdk_raises(PermissionError(13, "Permission denied")), HOST)

    assert "denied" in error.message
    assert "root" in error.hint
    assert not error.retryable


def test_missing_socket_says_how_to_start_docker() -> None:
    error = connection_error(_as_the_sdk_raises(FileNotFoundError(2, "No such file or directory")), HOST)

    assert "does not exist" in error.message
    assert "systemctl start docker" in error.hint


def test_engine_that_is_down_is_told_from_a_missing_one() -> None:
    error = connection_error(_as_the_sdk_raises(ConnectionRefusedError(111, "Connection refused")), HOST)

    assert "is down" in error.message
    assert error.retryable


def test_slow_engine_is_told_from_one_that_is_down() -> None:
    error = connection_error(requests.ReadTimeout("Read timed out. (read timeout=15)"), HOST)

    assert "does not answer in time" in error.message


def test_unknown_reason_is_passed_on() -> None:
    error = connection_error(DockerException("Invalid bind address format"), "nonsense")

    assert "Invalid bind address format" in error.message
    assert "docker info" in error.hint


def test_exceptions_that_refer_to_each_other_end_the_search() -> None:
    first, second = DockerException("a"), DockerException("b")
    first.__context__, second.__context__ = second, first

    assert connection_error(first, HOST).retryable


def test_refusal_carries_the_engines_words() -> None:
    error = refused_error("Container a1 is paused, unpause it.\n", "run stat in container a1")

    assert error.message == "the Docker engine refused to run stat in container a1: Container a1 is paused, unpause it"


def _as_the_sdk_raises(reason: OSError) -> Exception:
    """The SDK's exception says nothing; the reason is in the arguments of the one behind it."""
    behind = requests.ConnectionError(("Connection aborted.", reason))
    error = DockerException("Error while fetching server API version")
    error.__context__ = behind
    return error


def test_refused_mount_says_what_to_look_at() -> None:
    words = 'invalid mount config for type "bind": bind source path does not exist: /srv/data'

    assert "whether it is there" in refused_error(words, "start container a1").hint
    assert "journalctl -u docker" in refused_error("conflict", "start container a1").hint
