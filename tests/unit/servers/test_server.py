from typing import Any, cast

import pytest

from octeth_backupd.domain.server import Location, Placement
from octeth_backupd.errors import DockerError, LoginRefusedError, ServerError, ServerUnreachableError
from octeth_backupd.process.docker import Docker
from octeth_backupd.servers.server import Server
from octeth_backupd.servers.settings import ServerSettings
from octeth_backupd.servers.survey import Survey
from tests.unit.servers.builders import FakeDocker, FixedClock, inspected
from tests.unit.servers.fake_server import closed_address, listening, refusal


def _server(docker: FakeDocker, **settings: Any) -> Server:
    configured = ServerSettings.model_validate({"container": "oempro_mysql"} | settings)
    return Server(name="oempro", settings=configured, docker=cast(Docker, docker), clock=FixedClock())


def _published(port: int, **changes: Any) -> dict[str, Any]:
    network = {"Ports": {"3306/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}, "Networks": {}}
    return inspected(NetworkSettings=network, **changes)


def test_container_is_found_by_name_each_time() -> None:
    docker = FakeDocker(inspected())
    server = _server(docker)
    first = server.locate()
    docker.containers = [inspected(Id="recreated")]

    second = server.locate()

    assert first.container is not None
    assert second.container is not None
    assert (first.container.container_id, second.container.container_id) == ("a1b2c3", "recreated")
    assert second.container.image_digest == "digest of sha256:feed"


def test_absent_container_is_reported_with_those_that_run() -> None:
    survey = _server(FakeDocker(inspected(Name="/oempro_mysql_1"))).survey()

    assert isinstance(survey.error, ServerUnreachableError)
    assert survey.error_stage == "container"
    assert "oempro_mysql_1" in survey.error.hint


def test_container_whose_id_only_begins_like_the_name_is_another_one() -> None:
    survey = _server(FakeDocker(inspected(Id="db" + "0" * 62, Name="/shop_mysql")), container="db").survey()

    assert survey.location is None
    assert survey.error is not None
    assert survey.error.message == "container db of server oempro does not exist"
    assert "shop_mysql" in survey.error.hint


def test_container_is_found_by_the_id_that_docker_ps_prints() -> None:
    container = inspected(Id="0123456789ab" + "0" * 52)

    assert _server(FakeDocker(container), container="0123456789ab").locate().container is not None


def test_engine_that_is_down_is_a_stage_of_its_own() -> None:
    survey = _server(FakeDocker(down=True)).survey()

    assert isinstance(survey.error, DockerError)
    assert (survey.error_stage, survey.location) == ("docker", None)


def test_paused_container_is_refused_before_anything_connects() -> None:
    with listening() as mute:
        state = {"Status": "paused", "Paused": True}
        survey = _server(FakeDocker(_published(mute.address.port, State=state))).survey()

        assert mute.connections == []
    assert survey.error_stage == "container"
    assert survey.location is not None


def test_refused_login_is_the_login_stage() -> None:
    with listening(refusal(1045, "Access denied")) as refusing:
        survey = _server(FakeDocker(_published(refusing.address.port))).survey()

    assert isinstance(survey.error, LoginRefusedError)
    assert survey.error_stage == "login"


def test_configured_address_is_used_instead_of_those_found() -> None:
    location = _server(FakeDocker(inspected()), address="10.0.0.9", port=3310).locate()

    assert [str(address) for address in location.addresses] == ["10.0.0.9:3310"]


def test_configured_socket_is_used_instead_of_those_found() -> None:
    location = _server(FakeDocker(inspected()), socket="/srv/run/mysqld.sock").locate()

    assert [str(address) for address in location.addresses] == ["/srv/run/mysqld.sock"]


def test_server_of_a_unit_is_looked_for_at_its_usual_places() -> None:
    location = _server(FakeDocker(down=True), container=None, systemd_unit="mysql.service").locate()

    assert location.placement is Placement.SYSTEMD
    assert str(location.addresses[0]) == "/run/mysqld/mysqld.sock"
    assert str(location.addresses[-1]) == "127.0.0.1:3306"


def test_network_shared_with_another_container_is_followed() -> None:
    owner = _published(13306, Id="pause1", Name="/pod")
    member = inspected(HostConfig={"NetworkMode": "container:pause1"}, NetworkSettings={"Ports": {}, "Networks": {}})

    location = _server(FakeDocker(member, owner)).locate()

    assert [str(address) for address in location.addresses] == ["127.0.0.1:13306"]


def test_silence_is_explained_by_what_happened_to_the_container() -> None:
    docker = FakeDocker(_published(closed_address().port))
    server = _server(docker)
    location = server.locate()

    assert _failure(server, location).message.startswith("no server answers")
    docker.containers = [_published(1, State={"Status": "exited"})]
    assert "is stopped" in _failure(server, location).message
    docker.containers = [_published(1, Id="new")]
    assert "was replaced" in _failure(server, location).message
    docker.containers = []
    assert "does not exist" in _failure(server, location).message


def test_identity_of_what_was_not_found_is_the_surveys_error() -> None:
    reason = ServerUnreachableError("container is stopped")

    with pytest.raises(ServerUnreachableError, match="is stopped"):
        _server(FakeDocker()).check_identity(Survey(error=reason, error_stage="container"))
    with pytest.raises(ServerError, match="too little is known"):
        _server(FakeDocker()).check_identity(Survey())


def _failure(server: Server, location: Location) -> ServerError:
    with pytest.raises(ServerUnreachableError) as raised, server.connect(location):
        pass
    return raised.value
