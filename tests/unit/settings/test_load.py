"""What an operator can get wrong, and what the daemon says to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from octeth_backupd.errors import ConfigurationError
from octeth_backupd.settings.file import FileContent
from octeth_backupd.settings.keys import keys_of
from octeth_backupd.settings.load import examine, load
from octeth_backupd.settings.settings import Settings
from tests.unit.settings.conftest import GOOD_SERVER, ZONE, Examine, only

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.settings.problems import Problem

GOOD = GOOD_SERVER + ZONE


@pytest.mark.parametrize(
    ("text", "path", "message", "hint"),
    [
        # nothing there
        ("", "servers", "no server is configured", "[servers.oempro]"),
        ("[servers]", "servers", "no server is configured", "[servers.oempro]"),
        ('servers = "oempro"', "servers", "must be a table", "[servers]"),
        ('[servers]\noempro = "x"', "servers.oempro", "must be a table", "[servers.oempro]"),
        # names of servers
        ('[servers.Oempro]\ncontainer = "x"', "servers.Oempro", "not possible as the name of a server", "lower case"),
        ('[servers."../x"]\ncontainer = "x"', 'servers."../x"', "not possible as the name", "letter or digit"),
        ('[servers."a/b"]\ncontainer = "x"', 'servers."a/b"', "not possible as the name", "letter or digit"),
        ('[servers.".x"]\ncontainer = "x"', 'servers.".x"', "not possible as the name", "letter or digit"),
        ('[servers."x\\n"]\ncontainer = "x"', 'servers."x\\n"', "not possible as the name", "letter or digit"),
        (f'[servers.{"x" * 64}]\ncontainer = "x"', f"servers.{'x' * 64}", "not possible as the name", "at most 63"),
        # placement
        ("[servers.oempro]\n", "servers.oempro", "container, systemd_unit, address or socket", ""),
        # unknown keys
        (GOOD + "[backup]\nmod = 'x'", "backup.mod", "unknown key", "Did you mean mode?"),
        (GOOD + "[bakcup]\n", "bakcup", "unknown key", "Did you mean backup?"),
        (GOOD + "[backup]\nlevel = 3", "backup.level", "unknown key", "Did you mean compression.level?"),
        (GOOD + "[docker]\nsokcetts = 1", "docker.sokcetts", "unknown key", "Known here: host"),
        (GOOD + "[s3]\nregion = 'x'", "s3.bucket", "is missing", ""),
        (GOOD + "[s3]\nbucket = 'x'\nprefix = '/x'", "s3.prefix", "must neither begin nor end with a slash", ""),
        (GOOD + "[s3]\nbucket = 'x'\npart_size = '1 MiB'", "s3.part_size", "must be 0, or from 5 MiB", ""),
        (GOOD + "[s3]\nbucket = 'x'\nendpoint_url = 'minio'", "s3.endpoint_url", "must be an address", ""),
        (GOOD + "[s3]\nbucket = 'x'\naccess_key_id = 'a'", "s3", "access_key_id and secret_access_key belong", ""),
        (GOOD + "[storages.local]\nbucket = 'x'", "storages.local", "not possible as the name of a storage", "[s3]"),
        (GOOD + "[storages.A]\nbucket = 'x'", "storages.A", "not possible as the name of a storage", "at most 63"),
        (
            GOOD + "[s3]\nbucket = 'x'\n[storages.b]\nbucket = 'x'",
            "storages.b.bucket",
            "the same place as s3",
            "prefix",
        ),
        ("[servers.o]\ncontainer='x'\nhots = 'x'", "servers.o.hots", "unknown key", "Known here: container"),
        # wrong types
        ("[servers.o]\ncontainer='x'\nport = 'abc'", "servers.o.port", "must be a whole number from 1 to 65535", ""),
        ("[servers.o]\ncontainer='x'\nport = 0", "servers.o.port", "must be a whole number from 1 to 65535", ""),
        ("[servers.o]\ncontainer='x'\nuser = 5", "servers.o.user", "must be text in quotes", ""),
        ("[servers.o]\ncontainer='x'\ndatabases='x'", "servers.o.databases", "must be a list of texts", ""),
        ("[servers.o]\ncontainer='x'\ndatabases=[1]", "servers.o.databases[0]", "must be a list of texts", ""),
        (GOOD + "[backup]\nparallel = 'all'", "backup.parallel", 'a whole number from 1 to 64 or "auto"', ""),
        (GOOD + "[backup]\nmax_disk_usage_percent = true", "backup.max_disk_usage_percent", "from 1 to 100", ""),
        (GOOD + "[backup]\nmax_disk_usage_percent = 8.5", "backup.max_disk_usage_percent", "from 1 to 100", ""),
        (GOOD + "[backup]\nmin_free = 'lots'", "backup.min_free", 'must be a size such as "5 GiB"', ""),
        (GOOD + "[backup]\nengine = 'xtrabakup'", "backup.engine", "must be one of", "Did you mean xtrabackup?"),
        (GOOD + "[backup]\nmode = 'streamed'", "backup.mode", 'must be "prepared"', "later release"),
        (GOOD + "[backup]\ntimeout_seconds = -1", "backup.timeout_seconds", "a whole number from 0 to 1209600", ""),
        (GOOD + "[local]\nkeep = 'perhaps'", "local.keep", "must be true or false", ""),
        (GOOD + "[local]\ndirectory = 5", "local.directory", "must be an absolute path", ""),
        (GOOD + "[compression]\nlevel = 40", "compression.level", "must be a whole number from 1 to 19", ""),
        # time
        (GOOD_SERVER + "[schedules]\ndaily = '0 25 * * *'", "schedules.daily", 'hour "25" is not valid', "0-23"),
        (GOOD_SERVER + "[schedules]\ndaily = '@daily'", "schedules.daily", "nickname", '"0 0 * * *"'),
        (GOOD_SERVER + "[schedules]\nmonthly = '0 2 30 2 *'", "schedules.monthly", "never fires", "last day"),
        (GOOD_SERVER + "[schedules]\ndaily = 02:00:00", "schedules.daily", "must be text in quotes", ""),
        (GOOD_SERVER + "[schedules]\ntimezone = 'Berlin'", "schedules.timezone", '"Berlin" is unknown', "IANA"),
        # retention
        (GOOD + "[retention]\ndaily = 0", "retention.daily", "must be at least 1", ""),
        (GOOD + "[retention]\nweekly = ''", "retention.weekly", "must be a whole number", ""),
        (GOOD + "[retention]\nmonthly = -3", "retention.monthly", "must be at least 1", ""),
    ],
)
def test_problem_names_its_key_and_what_would_be_right(
    examined: Examine, text: str, path: str, message: str, hint: str
) -> None:
    if "[schedules]" not in text:
        text += "\n" + ZONE

    examination = examined(text)

    problem = only(examination.problems)
    assert problem.path == path
    assert message in problem.message
    assert hint in problem.hint
    assert examination.settings is None


def test_all_problems_are_listed_at_once_in_the_order_of_the_sections(examined: Examine) -> None:
    examination = examined(
        '[retention]\ndaily = 0\n[local]\ndirectory = "backups"\n[backup]\nmod = 1\n'
        '[servers.oempro]\ncontainer = "x"\nport = "y"\n[schedules]\ntimezone = "UTC"\nweekly = "x"\n',
        {"OCTETH_BACKUPD_COMPRESSION__LEVEL": "ten"},
    )

    assert [problem.path for problem in examination.problems] == [
        "servers.oempro.port",
        "backup.mod",
        "compression.level",
        "local.directory",
        "schedules.weekly",
        "retention.daily",
    ]


def test_no_problem_shows_the_value_of_a_secret(examined: Examine, tmp_path: Path) -> None:
    secret_file = tmp_path / "secret"
    secret_file.write_text("canary-in-file\nsecond line\n")

    examination = examined(
        '[servers.a]\ncontainer = "x"\npassword = ["canary-in-list"]\n'
        '[servers.b]\npassword = "canary-in-server-without-place"\n'
        f'[servers.c]\ncontainer = "y"\npassword = "canary-twice"\npassword_file = "{secret_file}"\n'
        '[servers.D]\ncontainer = "z"\npassword = "canary-in-bad-name"\n'
        '[servers.e]\ncontainer = "z"\npasword = "canary-misspelt"\n' + ZONE,
        {"OCTETH_BACKUPD_SERVERS__F": '{"password": "canary-in-json"', "OCTETH_BACKUPD_PASSWORD": "canary-in-variable"},
    )

    shown = "\n".join(repr(problem) for problem in examination.problems)
    for key in ("servers.a.password", "servers.b", "servers.c.password", "servers.D", "servers.e.pasword"):
        assert f"path='{key}'" in shown
    assert "SERVERS__F" in shown
    assert "canary" not in shown


def test_syntax_error_names_file_line_and_column(examined: Examine) -> None:
    problem = only(examined('[local]\ndirectory = "/x\n').problems)

    assert problem.message.startswith("not TOML")
    assert problem.source.endswith("config.toml:2:16")


def test_missing_file_is_a_problem() -> None:
    problem = only(examine(Path("/nonexistent/config.toml"), {}).problems)

    assert problem.message == "the configuration file does not exist"
    assert problem.source == "/nonexistent/config.toml"


def test_load_raises_everything_in_one_message(write_config: Callable[[str], Path]) -> None:
    path = write_config('[servers.oempro]\ncontainer = "x"\npasword = 1\n[retention]\ndaily = 0\n' + ZONE)

    with pytest.raises(ConfigurationError) as raised:
        load(path, {})

    assert raised.value.message == (
        f"2 problems in {path}:\n"
        "  servers.oempro.pasword: unknown key\n"
        "      Did you mean password?\n"
        "  retention.daily: must be at least 1: keeping none would delete every backup"
    )
    assert "check-config" in raised.value.hint


def test_environment_overrides_the_file(write_config: Callable[[str], Path]) -> None:
    path = write_config(GOOD + "[compression]\nlevel = 5\nalgorithm = 'gzip'\n")

    settings = load(path, {"OCTETH_BACKUPD_COMPRESSION__LEVEL": "7"})

    assert (settings.compression.level, settings.compression.algorithm) == (7, "gzip")


def test_environment_alone_is_enough() -> None:
    environment = {
        "OCTETH_BACKUPD_SERVERS__OEMPRO__CONTAINER": "oempro_mysql",
        "OCTETH_BACKUPD_SCHEDULES__TIMEZONE": "UTC",
    }

    assert load(None, environment).servers["oempro"].container == "oempro_mysql"


def test_password_comes_from_its_file_without_the_last_newline(
    write_config: Callable[[str], Path], tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text(" pass word \n")
    secret.chmod(0o600)

    settings = load(write_config(GOOD_SERVER + f'password_file = "{secret}"\n' + ZONE), {})

    assert settings.servers["oempro"].password.get_secret_value() == " pass word "
    assert settings.servers["oempro"].password_file == secret


def test_password_given_twice_is_a_problem(examined: Examine, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("x\n")
    secret.chmod(0o600)

    problem = only(examined(GOOD_SERVER + f'password = "x"\npassword_file = "{secret}"\n' + ZONE).problems)

    assert problem.path == "servers.oempro.password"
    assert problem.message == "given twice, as password and as password_file"


def test_credential_replaces_the_files_password_file(write_config: Callable[[str], Path], tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "servers.oempro.password").write_text("from systemd\n")
    (credentials / "servers.oempro.password").chmod(0o400)
    path = write_config(GOOD_SERVER + 'password_file = "/nonexistent/password"\n' + ZONE)

    settings = load(path, {"CREDENTIALS_DIRECTORY": str(credentials)})

    assert settings.servers["oempro"].password.get_secret_value() == "from systemd"
    assert settings.servers["oempro"].password_file is None


def test_secret_in_the_environment_works_and_is_warned_of(write_config: Callable[[str], Path]) -> None:
    warnings: list[Problem] = []

    settings = load(
        write_config(GOOD), {"OCTETH_BACKUPD_SERVERS__OEMPRO__PASSWORD": "12345"}, on_warning=warnings.append
    )

    assert settings.servers["oempro"].password.get_secret_value() == "12345"
    assert only(tuple(warnings)).path == "servers.oempro.password"
    assert "12345" not in repr(warnings)


def test_secret_in_a_file_that_everybody_reads_is_warned_of(write_config: Callable[[str], Path]) -> None:
    path = write_config(GOOD_SERVER + 'password = "x"\n' + ZONE)
    path.chmod(0o644)

    examination = examine(path, {})

    assert examination.settings is not None
    assert only(examination.problems).is_warning


def test_file_without_secrets_that_everybody_may_read_is_doubtful_too(write_config: Callable[[str], Path]) -> None:
    path = write_config(GOOD)
    path.chmod(0o644)

    examination = examine(path, {})

    assert examination.settings is not None
    problem = only(examination.problems)
    assert problem.is_warning
    assert problem.hint == f"Run: chmod 640 {path}"


def test_systemds_directories_are_the_defaults_and_the_file_wins(write_config: Callable[[str], Path]) -> None:
    path = write_config(GOOD + '[daemon]\nstate_directory = "/srv/state"\n')
    environment = {"STATE_DIRECTORY": "/var/lib/private/x", "RUNTIME_DIRECTORY": "/run/other:/run/second"}

    settings = load(path, environment)

    assert settings.daemon.state_directory == Path("/srv/state")
    assert settings.daemon.runtime_directory == Path("/run/other")
    assert settings.control.socket == Path("/run/other/control.sock")


def test_problem_names_the_variable_that_caused_it(examined: Examine) -> None:
    problem = only(examined(GOOD, {"OCTETH_BACKUPD_RETENTION__DAILY": "0"}).problems)

    assert (problem.path, problem.source) == (
        "retention.daily",
        "environment variable OCTETH_BACKUPD_RETENTION__DAILY",
    )


def test_relative_path_is_reported_once_at_its_key(examined: Examine) -> None:
    problem = only(examined('[servers.o]\nsocket = "run/mysqld.sock"\n' + ZONE).problems)

    assert (problem.path, problem.message) == ("servers.o.socket", "must be an absolute path")


def test_names_that_pydantic_settings_would_obey_are_unknown_keys(examined: Examine) -> None:
    problem = only(examined("_cli_parse_args = true\n" + GOOD).problems)

    assert (problem.path, problem.message) == ("_cli_parse_args", "unknown key")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.datetimes(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)
KEYS = [list(key.path) for key in keys_of(Settings, names={"servers": ("oempro",), "storages": ("second",)})]


@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from([key[:length] for key in KEYS for length in (1, 2, 3)]), value=VALUES)
def test_no_value_in_any_place_makes_reading_fail(
    monkeypatch: pytest.MonkeyPatch, path: list[str], value: object
) -> None:
    values: dict[str, object] = {"servers": {"oempro": {"container": "x"}}}
    inner: dict[str, object] = {path[-1]: value}
    for part in reversed(path[:-1]):
        inner = {part: inner}
    values.update(inner)
    monkeypatch.setattr("octeth_backupd.settings.load.read_file", lambda _: FileContent(values=values))

    examination = examine(Path("config.toml"), {})

    errors = [problem for problem in examination.problems if not problem.is_warning]
    assert (examination.settings is None) == bool(errors)
