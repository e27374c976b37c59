"""Logging in at the server that was chosen: as the account of the configuration, or as who makes that account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr, ValidationError

from octeth_backupd.domain.server import Placement
from octeth_backupd.domain.setup.account import USUAL_USER, administrator_lacks
from octeth_backupd.domain.setup.configuration import ServerAnswers
from octeth_backupd.errors import InvalidRequestError, LoginRefusedError, ServerError, ServerUnreachableError
from octeth_backupd.servers.server import Server
from octeth_backupd.servers.settings import ServerSettings
from octeth_backupd.servers.sql_errors import PrivilegeMissingError
from octeth_backupd.setup.passwords import read_password

if TYPE_CHECKING:
    from octeth_backupd.domain.server import ServerFacts
    from octeth_backupd.errors import BackupdError
    from octeth_backupd.servers.survey import Survey
    from octeth_backupd.setup.order import Machine, SetupOrder
    from octeth_backupd.setup.questions import ServerChoice

_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """A login that works, and what it showed.

    Attributes:
        server: With that login.
        facts: Of the server.
        user: Account of the configuration.
        password: Its password; empty while the account is still to be made.
        creates_user: The login is an administrator's, who makes that account.
    """

    server: Server
    survey: Survey
    facts: ServerFacts
    user: str
    password: str
    creates_user: bool


def log_in(order: SetupOrder, machine: Machine, choice: ServerChoice) -> LoggedIn:
    """Return a login that works; whoever is there is asked again when one is refused.

    Raises:
        LoginRefusedError: User or password are wrong.
        PrivilegeMissingError: The administrator may not create accounts.
        InvalidRequestError: Nobody is there to ask for what is missing.
        BackupdError: The server cannot be reached.
    """
    creates = order.create_user or (
        not order.password_file
        and not order.user
        and machine.prompt.offer("Create an account for the backups, with no more rights than they need?")
    )
    asked = _Asked(order, machine, creates=creates)
    for last_try in (*([False] * (_TRIES - 1)), True):
        user, password = asked.credentials()
        server = _server(machine, choice, user, password)
        survey = server.survey()
        lacking = administrator_lacks(survey.facts.grants) if creates and survey.facts is not None else ()
        if survey.facts is not None and not lacking:
            return LoggedIn(
                server=server,
                survey=survey,
                facts=survey.facts,
                user=(order.user or USUAL_USER) if creates else user,
                password="" if creates else password,
                creates_user=creates,
            )
        error = (
            _not_allowed(user, lacking)
            if lacking
            else survey.error or ServerError(f"nothing could be found out about {choice.target}")
        )
        if isinstance(error, ServerUnreachableError) and choice.placement is Placement.SYSTEMD:
            raise type(error)(
                error.message, hint=f"If it does not run: systemctl start {choice.target}. {error.hint}".rstrip()
            ) from error
        if last_try or not (lacking or isinstance(error, LoginRefusedError)) or not asked.can_ask_again:
            raise error
        machine.say(error.message)
        if lacking:
            asked.ask_another()
    raise AssertionError


def _not_allowed(user: str, lacking: tuple[str, ...]) -> BackupdError:
    return PrivilegeMissingError(
        f"{user} may not create the account; it lacks: {', '.join(lacking)}",
        hint="Name another administrator with --admin-user, or an account that is there with --user; nothing was "
        "changed.",
    )


class _Asked:
    """Where user and password come from: a flag, or a question."""

    def __init__(self, order: SetupOrder, machine: Machine, *, creates: bool) -> None:
        self._machine = machine
        self._creates = creates
        self._file = order.admin_password_file if creates else order.password_file
        usual = "root" if creates and order.admin_password_file else ""
        self._user = (order.admin_user if creates else order.user) or usual
        self._refused_user = ""
        self._wants_another = False

    @property
    def can_ask_again(self) -> bool:
        return self._machine.prompt.is_attended and not self._file

    def ask_another(self) -> None:
        """Ask for an account again, also where a flag had named one."""
        self._refused_user = ""
        self._wants_another = True

    def credentials(self) -> tuple[str, str]:
        prompt = self._machine.prompt
        user_flag, password_flag = (
            ("--admin-user", "--admin-password-file") if self._creates else ("--user", "--password-file")
        )
        if self._refused_user:
            # Not the account first: a password typed there by habit would be shown.
            password = prompt.secret(
                f"Password of {self._refused_user} again (not shown; empty: another account)", flag=password_flag
            )
            if password:
                return self._refused_user, password
            self.ask_another()
        user = self._user if self._user and not self._wants_another else self._ask_user(user_flag)
        if self._file:
            return user, read_password(self._file, self._machine.read_stdin)
        if not prompt.is_attended:
            return user, ""  # root by a socket needs none; any other server says that it does
        self._refused_user = user
        return user, prompt.secret(f"Password of {user} (not shown)", flag=password_flag)

    def _ask_user(self, flag: str) -> str:
        whose = "Account that may create accounts" if self._creates else "Account that backs up"
        return self._machine.prompt.text(whose, flag=flag, default=self._user or "root")


def _server(machine: Machine, choice: ServerChoice, user: str, password: str) -> Server:
    answers = ServerAnswers(name=choice.name, placement=choice.placement, target=choice.target, user=user)
    try:
        settings = ServerSettings.model_validate({**answers.table(), "password": SecretStr(password)})
    except ValidationError as error:
        reasons = ", ".join(str(problem["msg"]) for problem in error.errors(include_input=False))
        raise InvalidRequestError(f"{choice.target} is no place of a server: {reasons}") from error
    return Server(name=choice.name, settings=settings, docker=machine.docker, clock=machine.clock)
