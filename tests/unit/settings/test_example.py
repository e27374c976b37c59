from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from octeth_backupd.notifiers.settings import NotifierSettings
from octeth_backupd.settings.example import ACTIVE, blank_file, example_file
from octeth_backupd.settings.keys import NAME, keys_of, value_at
from octeth_backupd.settings.load import load
from octeth_backupd.settings.settings import Settings
from octeth_backupd.storage.s3_settings import S3Settings

if TYPE_CHECKING:
    from pathlib import Path


NAMES = {"servers": "oempro", "storages": "second", "notify": "team"}


def test_example_loads_once_its_password_file_is_there(tmp_path: Path) -> None:
    password = tmp_path / "oempro.password"
    password.write_text("secret\n")
    password.chmod(0o600)
    path = tmp_path / "config.toml"
    path.write_text(example_file().replace("/etc/octeth-backupd/oempro.password", str(password)))

    settings = load(path, {"OCTETH_BACKUPD_SCHEDULES__TIMEZONE": "UTC"})

    assert settings.servers["oempro"].container == "oempro_mysql"
    assert settings.servers["oempro"].password.get_secret_value() == "secret"


def test_every_key_is_there_and_is_toml_once_uncommented() -> None:
    values = tomllib.loads(re.sub(r"^#(?=[a-z_0-9]+ = |\[)", "", example_file(), flags=re.MULTILINE))

    for key in keys_of(Settings):
        path = [NAMES[key.path[0]] if part == NAME else part for part in key.path]
        assert value_at(values, path) is not None, ".".join(path)


def test_commented_defaults_are_the_defaults() -> None:
    text = re.sub(r"^#(?=[a-z_0-9]+ = |\[)", "", example_file(), flags=re.MULTILINE)
    values = tomllib.loads(text)
    values["servers"] = {"oempro": {"container": "x"}}
    values["backup"].pop("workspace_directory")  # has no default: the value shown is a suggestion
    values["control"].pop("admin_group")
    values["metrics"].pop("textfile")
    for bucket in (values.pop("s3"), values.pop("storages")["second"]):  # absent by default; the bucket is a suggestion
        shown = {name: value for name, value in bucket.items() if not (name.endswith("_file") or name == "ca_bundle")}
        assert S3Settings.model_validate(shown) == S3Settings(bucket=bucket["bucket"])
    notifier = {name: value for name, value in values.pop("notify")["team"].items() if not name.endswith("_file")}
    suggested = {name: notifier[name] for name in ("kind", "host", "sender", "recipients")}
    assert NotifierSettings.model_validate(notifier | {"ca_bundle": None}) == NotifierSettings(**suggested)
    values["retention"].pop("remote")
    values["notices"].pop("overdue_after_seconds")

    assert Settings.model_validate(values) == Settings.model_validate({"servers": values["servers"]})


def test_what_the_example_sets_exists() -> None:
    assert set(ACTIVE) <= {".".join(key.path) for key in keys_of(Settings)}


def test_lines_are_short_enough_to_read() -> None:
    assert max(len(line) for line in example_file().splitlines()) <= 120


def test_blank_file_sets_nothing_and_is_the_example_once_uncommented() -> None:
    assert re.findall(r"^[^#\[\n].*", blank_file(), re.MULTILINE) == []
    assert "servers" not in tomllib.loads(blank_file())
    assert uncommented(blank_file()) == uncommented(example_file())


def uncommented(text: str) -> dict[str, object]:
    return tomllib.loads(re.sub(r"^#(?=[a-z_]+ = |\[)", "", text, flags=re.MULTILINE))
