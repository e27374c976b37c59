from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from octeth_backupd.domain.paths import host_paths, server_roles
from octeth_backupd.domain.server import Mount, ServerFacts, Tablespace, TablespaceKind, Vendor
from octeth_backupd.errors import IdentityError
from octeth_backupd.servers import identity
from octeth_backupd.servers.host_files import FileNumber, read_file_number
from octeth_backupd.servers.identity import IdentityEvidence, check_identity, read_auto_cnf
from tests.unit.servers.builders import MARIADB_VARIABLES, facts, write_data_file

UUID = "283e4565-e67b-11f1-88d0-0242ac110003"
USERS = Tablespace(space_id=5, name="oempro/users", size_bytes=16384, path="oempro/users.ibd")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data directory with a system tablespace, one table and a server uuid."""
    directory = tmp_path / "data"
    write_data_file(directory / "ibdata1", 0)
    write_data_file(directory / "oempro/users.ibd", 5)
    (directory / "auto.cnf").write_text(f"[auto]\nserver-uuid={UUID}\n")
    return directory


def _check(
    data: Path,
    server: ServerFacts,
    *,
    seen: FileNumber | None = None,
    list_again: Callable[[], Sequence[Tablespace]] | None = None,
    **options: Any,
) -> IdentityEvidence:
    mount = Mount(source=data, destination=PurePosixPath("/var/lib/mysql"))
    paths = host_paths(server_roles(MARIADB_VARIABLES, server.version, server.tablespaces), (mount,))
    listed = list_again or (lambda: server.tablespaces)
    return check_identity(server, paths, seen_by_server=seen, list_again=listed, **options)


def test_mysql_is_known_by_its_uuid(data: Path) -> None:
    evidence = _check(data, facts(vendor=Vendor.MYSQL, server_uuid=UUID.upper(), tablespaces=[USERS]))

    assert "auto.cnf" in str(evidence)
    assert evidence.matching_files == 1


def test_mysql_directory_of_another_server_is_refused_with_both_uuids(data: Path) -> None:
    with pytest.raises(IdentityError, match="another server") as refused:
        _check(data, facts(vendor=Vendor.MYSQL, server_uuid="ffffffff-0000-0000-0000-000000000000"))

    assert UUID in refused.value.message
    assert "ffffffff" in refused.value.message


def test_copy_of_a_mysql_directory_is_refused_although_the_uuid_is_equal(data: Path) -> None:
    server = facts(vendor=Vendor.MYSQL, server_uuid=UUID)

    with pytest.raises(IdentityError, match="is not the file that the server has open"):
        _check(data, server, seen=FileNumber(device=1, inode=1))


def test_mariadb_is_known_by_the_system_tablespace_it_has_open(data: Path) -> None:
    evidence = _check(data, facts(tablespaces=[USERS]), seen=read_file_number(data / "ibdata1"))

    assert len(evidence.reasons) == 2


def test_mariadb_directory_of_another_server_is_refused(data: Path) -> None:
    with pytest.raises(IdentityError, match="is not the file that the server has open"):
        _check(data, facts(tablespaces=[USERS]), seen=FileNumber(device=1, inode=1))


def test_file_of_another_tablespace_is_refused(data: Path) -> None:
    write_data_file(data / "oempro/users.ibd", 77)

    with pytest.raises(IdentityError, match="is tablespace 77, the server's has id 5"):
        _check(data, facts(tablespaces=[USERS]), seen=read_file_number(data / "ibdata1"))


def test_missing_file_is_refused_and_hidden_mounts_are_thought_of(data: Path) -> None:
    (data / "oempro/users.ibd").unlink()

    with pytest.raises(IdentityError, match="no such file") as refused:
        _check(data, facts(tablespaces=[USERS]), seen=read_file_number(data / "ibdata1"))

    assert "mount" in refused.value.hint


def test_table_that_was_rebuilt_meanwhile_is_no_mismatch(data: Path) -> None:
    write_data_file(data / "oempro/users.ibd", 6)
    rebuilt = Tablespace(space_id=6, name="oempro/users", size_bytes=16384, path="oempro/users.ibd")

    evidence = _check(
        data,
        facts(tablespaces=[USERS]),
        seen=read_file_number(data / "ibdata1"),
        list_again=lambda: (rebuilt,),
    )

    assert evidence.matching_files == 0


def test_page_that_is_not_written_yet_speaks_neither_way(data: Path) -> None:
    write_data_file(data / "oempro/users.ibd", None)

    evidence = _check(data, facts(tablespaces=[USERS]), seen=read_file_number(data / "ibdata1"))

    assert (evidence.matching_files, evidence.unwritten_files) == (0, 1)


@pytest.mark.parametrize(
    "other",
    [
        Tablespace(space_id=9, name="x/gone", size_bytes=0, path="x/gone.ibd", discarded=True),
        Tablespace(space_id=9, name="undo", size_bytes=0, path="undo001", kind=TablespaceKind.UNDO),
        Tablespace(space_id=9, name="tmp", size_bytes=0, path="ibtmp1", kind=TablespaceKind.TEMPORARY),
    ],
)
def test_tablespaces_that_have_no_lasting_file_are_left_out(data: Path, other: Tablespace) -> None:
    evidence = _check(data, facts(tablespaces=[USERS, other]), seen=read_file_number(data / "ibdata1"))

    assert evidence.matching_files == 1


def test_mariadb_outside_docker_is_compared_by_its_files_and_machine(data: Path) -> None:
    evidence = _check(data, facts(tablespaces=[USERS]), host_name="db1.example.net")

    assert evidence.matching_files == 1


def test_mariadb_on_another_machine_is_refused_although_a_twin_is_here(data: Path) -> None:
    with pytest.raises(IdentityError, match="runs on db1"):
        _check(data, facts(tablespaces=[USERS]), host_name="backup7")


def test_nothing_to_compare_is_not_taken_for_proof(data: Path) -> None:
    with pytest.raises(IdentityError, match="nothing shows"):
        _check(data, facts(), host_name="db1")


def test_data_directory_in_the_containers_own_layer_is_refused() -> None:
    server = facts()
    paths = host_paths(server_roles(MARIADB_VARIABLES, server.version), ())

    with pytest.raises(IdentityError, match="in no mount"):
        check_identity(server, paths, seen_by_server=None, list_again=lambda: ())


def test_data_directory_that_is_not_here_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="cannot be looked at"):
        _check(tmp_path / "missing", facts())


@pytest.mark.parametrize("text", [None, "", "server-uuid=x\n", "[auto]\n"])
def test_directory_without_a_uuid_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "auto.cnf").write_text(text)

    with pytest.raises(IdentityError, match="shows no server uuid"):
        read_auto_cnf(tmp_path)


def test_many_files_are_sampled(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "MOST_FILES", 4)
    tablespaces = [Tablespace(space_id=n, name=f"shop/t{n}", size_bytes=1, path=f"shop/t{n}.ibd") for n in range(1, 11)]
    for tablespace in tablespaces:
        write_data_file(data / tablespace.path, tablespace.space_id)

    evidence = _check(data, facts(tablespaces=tablespaces), seen=read_file_number(data / "ibdata1"))

    assert 1 <= evidence.matching_files <= 4
