"""Bring file, systemd and environment together: the configuration, or everything that is wrong with it.

Later sources win, key by key: defaults, systemd's directories, the file, systemd credentials, the environment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from octeth_backupd.errors import ConfigurationError
from octeth_backupd.settings.credentials import read_credentials
from octeth_backupd.settings.environment import read_environment
from octeth_backupd.settings.file import read_file
from octeth_backupd.settings.keys import names_in
from octeth_backupd.settings.layers import Layer, Merged
from octeth_backupd.settings.problems import Problem, render_problems, without_duplicates
from octeth_backupd.settings.rules import broken_rules, secrets_given_in
from octeth_backupd.settings.secret_files import both_given, secrets_named_by_keys
from octeth_backupd.settings.settings import Settings
from octeth_backupd.settings.systemd import service_directories, socket_beside
from octeth_backupd.settings.validation import problems_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What came of reading a configuration.

    Attributes:
        settings: None when any problem is more than a warning.
        problems: All of them, warnings included, in the order of the sections.
    """

    settings: Settings | None
    problems: tuple[Problem, ...]


def load(
    path: Path | None, environment: Mapping[str, str], *, on_warning: Callable[[Problem], None] | None = None
) -> Settings:
    """Return the configuration.

    Args:
        path: The file; None for an installation that is configured by the environment alone.
        environment: The process's, or a test's own.
        on_warning: Told of each thing that is doubtful but works.

    Raises:
        ConfigurationError: It cannot be used; the message lists every problem with its TOML path.
    """
    examination = examine(path, environment)
    if examination.settings is None:
        raise refusal(examination, path)
    for problem in examination.problems:
        if on_warning is not None:
            on_warning(problem)
    return examination.settings


def refusal(examination: Examination, path: Path | None) -> ConfigurationError:
    """Return the error that lists every problem of a configuration that cannot be used."""
    errors = [problem for problem in examination.problems if not problem.is_warning]
    count = "1 problem" if len(errors) == 1 else f"{len(errors)} problems"
    message = f"{count} in {path or 'the environment'}:\n{render_problems(errors, unsaid_source=str(path))}"
    hint = f"Correct {path}, then run: octeth-backupd check-config --config {path}" if path else ""
    return ConfigurationError(message, hint=hint)


def examine(path: Path | None, environment: Mapping[str, str]) -> Examination:
    """Read everything and judge it; never raises for what an operator can have written.

    Args:
        path: See ``load``.
        environment: See ``load``.
    """
    merged = Merged()
    merged.put(Layer(source="systemd", values=service_directories(environment)))
    problems: list[Problem] = []
    if path is not None:
        content = read_file(path)
        if content.problems and not content.values:
            return Examination(settings=None, problems=content.problems)
        problems += content.problems
        merged.put(Layer(source=str(path), values=content.values))
        if content.others_can_read:
            secrets = list(secrets_given_in(content.values))
            problems += [_exposed(secret, path) for secret in secrets] or [_readable(path)]
    problems += _put_stronger_sources(merged, environment)
    problems += both_given(merged.values)
    for target, found in secrets_named_by_keys(merged.values):
        problems += found.problems
        _set(merged.values, target, found.secret)
    merged.put(Layer(source="", values=socket_beside(merged.values)))
    settings, findings = _validate(merged)
    return _judged(settings, [*problems, *findings], merged)


def _put_stronger_sources(merged: Merged, environment: Mapping[str, str]) -> list[Problem]:
    found = list(read_environment(environment, names=names_in(merged.values)))
    variables = [item for item in found if isinstance(item, Layer)]
    everyone: dict[str, tuple[str, ...]] = {}
    for values in (merged.values, *(layer.values for layer in variables)):
        for group, names in names_in(values).items():
            everyone[group] = tuple(dict.fromkeys((*everyone.get(group, ()), *names)))
    credentials = list(read_credentials(environment, names=everyone))
    for item in (*credentials, *variables):
        if isinstance(item, Layer):
            merged.put(item)
    problems = [item for item in (*credentials, *found) if isinstance(item, Problem)]
    return problems + [_in_environment(key, layer) for layer in variables for key in secrets_given_in(layer.values)]


def _validate(merged: Merged) -> tuple[Settings | None, list[Problem]]:
    findings = [
        problem if problem.source else replace(problem, source=merged.source_of(problem.path.split(".")))
        for problem in broken_rules(merged.values)
    ]
    try:
        settings = Settings.model_validate(merged.values)
    except ValidationError as error:
        return None, [*findings, *_not_said_yet(problems_of(error, merged), findings)]
    return settings, findings


def _not_said_yet(problems: Iterable[Problem], findings: Iterable[Problem]) -> Iterator[Problem]:
    """Leave out what the rules have said of the same key, be it in a message on the table that holds it."""
    judged = {problem.path for problem in findings}
    for problem in problems:
        if judged.isdisjoint((problem.path, f"{problem.path}.{problem.message.split()[0]}")):
            yield problem


def _judged(settings: Settings | None, problems: Iterable[Problem], merged: Merged) -> Examination:
    named = [
        problem if problem.source else replace(problem, source=merged.source_of(problem.path.split(".")))
        for problem in problems
    ]
    order = {name: position for position, name in enumerate(Settings.model_fields)}
    ordered = sorted(without_duplicates(named), key=lambda problem: order.get(problem.path.split(".")[0], -1))
    usable = all(problem.is_warning for problem in ordered)
    return Examination(settings=settings if usable else None, problems=tuple(ordered))


def _exposed(key: str, path: Path) -> Problem:
    hint = f"Run: chmod 640 {path}; or move the secret to a file of its own and name it in {key}_file."
    message = f"every user may read the secret in {path}"
    return Problem(path=key, message=message, hint=hint, source=str(path), is_warning=True)


def _readable(path: Path) -> Problem:
    message = "every user may read the configuration file, which says where secrets and backups are"
    return Problem(path="", message=message, hint=f"Run: chmod 640 {path}", source=str(path), is_warning=True)


def _in_environment(key: str, layer: Layer) -> Problem:
    hint = f"Name a file in {key}_file, or pass it by systemd: LoadCredential={key}:/path/of/the/file."
    message = "a secret in the environment can be read in /proc and by systemctl show"
    return Problem(path=key, message=message, hint=hint, source=layer.source, is_warning=True)


def _set(values: dict[str, Any], path: tuple[str, ...], secret: str) -> None:
    for part in path[:-1]:
        values = values[part]
    values[path[-1]] = secret
