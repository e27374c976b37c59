"""Staging real archives: the bash tool's own, hostile ones, and what a disk or a checksum does to them."""

from __future__ import annotations

import os
import struct
import subprocess
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import pytest

from octeth_backupd.domain.restore.archives import archive_format_of
from octeth_backupd.domain.restore.plan import ArchiveSource
from octeth_backupd.domain.restore.site import DataState, Owner, Site
from octeth_backupd.domain.server import Placement, Vendor, Version
from octeth_backupd.engines.registry import ENGINES
from octeth_backupd.engines.settings import EnginesSettings
from octeth_backupd.errors import EngineError, SpaceError, VerificationError
from octeth_backupd.pipeline.restore.carry_over import carry_over
from octeth_backupd.pipeline.restore.dress import dress
from octeth_backupd.pipeline.restore.fetch import Fetch
from octeth_backupd.pipeline.restore.stage import Staged, stage
from octeth_backupd.process.docker import Docker, DockerSettings
from octeth_backupd.servers.container import read_container
from tests.environment.availability import require_mysql_image
from tests.environment.bash_tool import NAME, BashTool, Form
from tests.environment.database_containers import MariaDbContainer, MySqlContainer, unique_name
from tests.environment.docker_engine import Mount
from tests.environment.small_filesystem import small_filesystem
from tests.environment.standin import install_standin
from tests.environment.throwaway_server import server_on
from tests.fakes.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from octeth_backupd.domain.server import ContainerFacts

VendorName = Literal["mariadb", "mysql"]
FORMS: tuple[Form, ...] = get_args(Form)
MYSQL_OWNER = Owner(user_id=999, group_id=999)


@dataclass(frozen=True, kw_only=True)
class Archives:
    """The bash tool's archives of one server.

    Attributes:
        tables: ``schema.table`` → digest.
        engine: XtraBackup on the host; empty where the server's image holds the engine.
        container: Of the server; it is gone by now.
    """

    vendor: VendorName
    tables: dict[str, int]
    paths: dict[Form, Path]
    engine: str
    container: ContainerFacts


@pytest.fixture(scope="module")
def docker() -> Iterator[Docker]:
    docker = Docker(DockerSettings().host)
    yield docker
    docker.close()


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory, docker: Docker) -> Archives:
    directory: Path = tmp_path_factory.mktemp("bash-mariadb")
    (directory / "backups").mkdir()
    server = MariaDbContainer(
        data_directory=directory / "data",
        name=unique_name("staging"),
        binlog=True,
        mounts=[Mount(source=directory / "backups")],
    )
    with server:
        server.fill(2_000_000)
        tool = BashTool(server=server, engine="mariadb-backup", directory=directory / "backups")
        return _archives("mariadb", tool, docker, engine="")


@pytest.fixture(scope="module")
def mysql(tmp_path_factory: pytest.TempPathFactory, docker: Docker) -> Archives:
    require_mysql_image()
    directory: Path = tmp_path_factory.mktemp("bash-mysql")
    (directory / "backups").mkdir()
    engine = str(install_standin(directory / "bin"))
    with MySqlContainer(data_directory=directory / "data", name=unique_name("staging")) as server:
        server.fill(2_000_000)
        tool = BashTool(server=server, engine=engine, directory=directory / "backups")
        return _archives("mysql", tool, docker, engine=engine)


def _archives(vendor: VendorName, tool: BashTool, docker: Docker, *, engine: str) -> Archives:
    tables = tool.server.checksum_tables()
    return Archives(
        vendor=vendor,
        tables=tables,
        paths={form: tool.archive(form) for form in FORMS},
        engine=engine,
        container=read_container(docker.inspect_container(tool.server.name), port=None, image_digest=""),
    )


class Stager:
    """Stages archives into directories beneath one."""

    def __init__(self, bench: Bench, docker: Docker, directory: Path) -> None:
        self._context = bench.context()
        self._parts = replace(bench.parts(), docker=docker)
        self.directory = directory / "staged"

    def stage(
        self,
        path: Path,
        *,
        archives: Archives | None = None,
        sha256: str | None = None,
        force: bool = False,
        guard: Callable[[], str | None] = lambda: None,
    ) -> Staged:
        """Stage an archive with what its checksum file says, unless another is given."""
        parts = self._parts
        if archives is not None and archives.engine:
            settings = EnginesSettings.model_validate({"xtrabackup": {"program": archives.engine}})
            parts = replace(parts, engines=settings)
        self.directory.mkdir(mode=0o700, exist_ok=True)
        if sha256 is None:
            sha256 = path.with_name(f"{path.name}.sha256").read_text().split()[0]
        archive = ArchiveSource(
            path=path,
            storage="",
            place=str(path),
            name=path.name,
            archive_format=archive_format_of(path.name)[0],
            size_bytes=path.stat().st_size,
            sha256=sha256,
            sha256_from="checksum file" if sha256 else "",
            unpacked_bytes=0,
        )
        return stage(
            self._context,
            parts,
            Fetch(self._context, parts, archive, force=force),
            directory=self.directory,
            site=None if archives is None else _site(archives),
            guard=guard,
        )


@pytest.fixture
def stager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, docker: Docker) -> Iterator[Stager]:
    real_engine = ENGINES["xtrabackup"]
    bench = Bench(tmp_path, monkeypatch)
    monkeypatch.setitem(ENGINES, "xtrabackup", real_engine)
    yield Stager(bench, docker, tmp_path)
    bench.close()


def _site(archives: Archives) -> Site:
    return Site(
        server="oempro",
        placement=Placement.CONTAINER,
        container=archives.container,
        vendor=Vendor(archives.vendor),
        version=Version(major=10, minor=11, patch=0),
        server_paths={},
        host_paths={},
        log_bin=True,
        owner=MYSQL_OWNER,
        is_running=False,
        is_answering=False,
        data_state=DataState.ABSENT,
    )


def _assert_server_starts(directory: Path, archives: Archives) -> None:
    dress(directory, like=None, owner=MYSQL_OWNER)
    owners = {(path.lstat().st_uid, path.lstat().st_gid) for path in (directory, *directory.rglob("*"))}
    assert owners == {(MYSQL_OWNER.user_id, MYSQL_OWNER.group_id)}
    with server_on(directory, vendor=archives.vendor) as server:
        assert server.checksum_tables() == archives.tables


@pytest.mark.parametrize("vendor", ["mariadb", "mysql"])
@pytest.mark.parametrize("form", FORMS)
def test_server_starts_on_what_the_bash_tool_archived(
    stager: Stager, request: pytest.FixtureRequest, form: Form, vendor: VendorName
) -> None:
    archives: Archives = request.getfixturevalue(vendor)

    staged = stager.stage(archives.paths[form], archives=archives)

    assert staged.checksum_confirmed
    assert staged.was_prepared == (form == "tar prepared")
    assert staged.engine_name == ("mariadb-backup" if vendor == "mariadb" else "xtrabackup")
    assert staged.binlog_file.startswith("binlog.0")
    assert not list(stager.directory.glob("*_checkpoints"))
    _assert_server_starts(stager.directory, archives)


@pytest.mark.parametrize("form", FORMS)
def test_damaged_archive_is_refused_whatever_its_checksum_says(stager: Stager, mariadb: Archives, form: Form) -> None:
    whole = mariadb.paths[form].read_bytes()
    cut = stager.directory.with_name(mariadb.paths[form].name)
    cut.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(VerificationError, match="cut"):
        stager.stage(cut, archives=mariadb, sha256="", force=True)


def test_stream_cut_between_two_files_is_refused(stager: Stager, mariadb: Archives) -> None:
    script = f"gzip -dc {mariadb.paths['xbstream']}"
    stream = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout
    cut = stager.directory.with_name("cut.xbstream")
    cut.write_bytes(stream[: stream.rindex(b"XBSTCK01", 0, stream.rindex(b"XBSTCK01"))])

    with pytest.raises(VerificationError, match="cut"):
        stager.stage(cut, archives=mariadb, sha256="", force=True)


def test_wrong_checksum_is_refused_and_a_missing_one_only_forced(stager: Stager, mariadb: Archives) -> None:
    path = mariadb.paths["tar prepared"]

    with pytest.raises(VerificationError, match="SHA-256"):
        stager.stage(path, archives=mariadb, sha256="0" * 64)
    stager.directory = stager.directory.with_name("missing")
    with pytest.raises(VerificationError, match="nobody knows"):
        stager.stage(path, archives=mariadb, sha256="")

    assert not stager.stage(path, archives=mariadb, sha256="", force=True).checksum_confirmed
    _assert_server_starts(stager.directory, mariadb)


def test_no_space_while_unpacking_is_an_error_of_space(stager: Stager, mariadb: Archives, tmp_path: Path) -> None:
    with small_filesystem(tmp_path / "small", megabytes=12) as small:
        stager.directory = small / "staged"

        with pytest.raises(SpaceError, match="no space left"):
            stager.stage(mariadb.paths["tar prepared"], archives=mariadb)


def test_guard_ends_it_before_the_disk_is_full(stager: Stager, tmp_path: Path) -> None:
    pipe, head = tmp_path / "endless.tar", tmp_path / "head"
    member = tarfile.TarInfo("ibdata1")
    member.size = 1 << 40
    head.write_bytes(member.tobuf())
    os.mkfifo(pipe)
    script = f"exec >{pipe}; cat {head}; while sleep 0.02; do head -c 65536 /dev/zero; done"
    with subprocess.Popen(["bash", "-c", script], stderr=subprocess.DEVNULL) as program:
        try:
            with pytest.raises(SpaceError, match="nearly full"):
                stager.stage(pipe, sha256="", force=True, guard=lambda: "nearly full")
        finally:
            program.kill()


def test_backup_that_nothing_can_prepare_says_where_it_looked(stager: Stager, mysql: Archives) -> None:
    with pytest.raises(EngineError) as caught:
        stager.stage(mysql.paths["tar unprepared"], archives=replace(mysql, engine="/nonexistent/xtrabackup"))

    assert "host: " in caught.value.message
    assert f"image {mysql.container.image_id}" in caught.value.message


def test_hostile_members_that_tar_itself_packs_are_refused(stager: Stager, tmp_path: Path) -> None:
    top = tmp_path / "evil" / NAME
    top.mkdir(parents=True)
    (tmp_path / "victim").write_text("untouched")
    (top / "plain").write_text("x")
    made: dict[str, Callable[[Path], None]] = {
        "link": lambda path: path.symlink_to(tmp_path / "victim"),
        "hard": lambda path: path.hardlink_to(top / "plain"),
        "device": lambda path: os.mknod(path, 0o020600, os.makedev(1, 3)),
        "pipe": os.mkfifo,
    }
    packings = {kind: ["tar", "-cf", str(tmp_path / f"{kind}.tar"), "-C", str(top.parent), NAME] for kind in made}
    for kind, make in made.items():
        make(top / "zz")
        subprocess.run(packings[kind], check=True)
        (top / "zz").unlink()
    absolute = ["tar", "-Pcf", str(tmp_path / "absolute.tar"), str(tmp_path / "victim")]
    upwards = ["tar", "-Pcf", str(tmp_path / "upwards.tar"), "-C", str(top), f"../../{NAME}/../victim"]
    (tmp_path / NAME).mkdir()
    for command in (absolute, upwards):
        subprocess.run(command, check=True)

    for kind in (*made, "absolute", "upwards"):
        stager.directory = tmp_path / f"staged-{kind}"
        with pytest.raises(VerificationError, match="the archive holds"):
            stager.stage(tmp_path / f"{kind}.tar", sha256="", force=True)

    assert (tmp_path / "victim").read_text() == "untouched"


ACL_NAME = "system.posix_acl_access"
# Version 2; then tag, permissions and id of: the owner, uid 1234, the group, the mask, others.
ACL = struct.pack("<I" + "HHI" * 5, 2, 1, 6, 2**32 - 1, 2, 4, 1234, 4, 4, 2**32 - 1, 16, 4, 2**32 - 1, 32, 0, 2**32 - 1)


def test_owner_access_list_and_attributes_come_from_the_present_directory(tmp_path: Path) -> None:
    with small_filesystem(tmp_path / "mount", megabytes=16) as mount:
        present, staged = mount / "present", mount / "staged"
        for directory in (present, staged):
            (directory / "mysql").mkdir(parents=True)
            (directory / "ibdata1").touch(mode=0o600)
        (staged / "shop").mkdir()
        (staged / "shop/orders.ibd").touch(mode=0o600)
        for path in (present, present / "mysql", present / "ibdata1"):
            os.chown(path, 999, 1234)
        (present / "private_key.pem").touch(mode=0o600)
        os.chown(present / "private_key.pem", 999, 999)
        os.setxattr(present / "ibdata1", ACL_NAME, ACL)
        os.setxattr(present / "mysql", "user.note", b"ours")

        dress(staged, like=present, owner=MYSQL_OWNER)
        carried = carry_over(present, staged, ("private_key.pem",))

        table = staged / "shop/orders.ibd"
        assert (table.stat().st_uid, table.stat().st_gid) == (999, 1234)
        assert os.getxattr(table, ACL_NAME) == ACL
        assert os.getxattr(staged / "shop", "user.note") == b"ours"
        assert carried == ("private_key.pem",)
        key = staged / "private_key.pem"
        assert (key.stat().st_uid, key.stat().st_mode & 0o777, os.listxattr(key)) == (999, 0o600, [])


def test_template_of_a_stranger_lends_its_mode_and_not_its_owner(tmp_path: Path) -> None:
    present, staged = tmp_path / "present", tmp_path / "staged"
    present.mkdir(mode=0o701)
    staged.mkdir(mode=0o700)

    dress(staged, like=present, owner=MYSQL_OWNER)

    assert (staged.stat().st_uid, staged.stat().st_gid, staged.stat().st_mode & 0o777) == (999, 999, 0o701)
