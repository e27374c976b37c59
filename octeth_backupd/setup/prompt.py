"""Asking whoever sits at the terminal; or nobody, when setup must not ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, Protocol

from octeth_backupd.domain.setup.one_line import one_line
from octeth_backupd.errors import CancelledError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

_YES = frozenset({"y", "yes"})
_NO = frozenset({"n", "no"})


class Prompt(Protocol):
    """Whoever answers.

    Attributes:
        is_attended: Somebody is there to be asked again after a wrong answer.
    """

    is_attended: bool

    def text(self, question: str, *, flag: str, default: str | None = None) -> str:
        """Return a line; empty lines take the default.

        Raises:
            InvalidRequestError: Nobody is there to ask, and there is no default; the hint names the flag.
            CancelledError: The terminal was closed.
        """

    def secret(self, question: str, *, flag: str) -> str:
        """Return a line that is not shown while it is typed; raises like ``text``."""

    def choice(self, question: str, options: Sequence[str], *, flag: str, default: int) -> int:
        """Return the position of one of several options; raises like ``text`` when there are several and nobody."""

    def confirm(self, question: str, *, default: bool = True) -> bool:
        """Return whether to go on with what was ordered; True where ``--yes`` was given."""

    def offer(self, question: str, *, default: bool = True) -> bool:
        """Return whether something that nobody has ordered is wanted; False when nobody is there to ask."""


class TerminalPrompt:
    """See Prompt.

    Args:
        source: Where answers are read.
        sink: Where questions are written, so that a redirected output does not hide them.
        read_hidden: Asks a question and reads its answer without showing it, as ``getpass.getpass`` does.
        yes: Answer every ``confirm`` with yes, without asking.
        wait_for_line: Returns when there is a line to be read.
    """

    is_attended = True

    def __init__(
        self,
        source: TextIO,
        sink: TextIO,
        *,
        read_hidden: Callable[[str], str],
        yes: bool = False,
        wait_for_line: Callable[[], None] = lambda: None,
    ) -> None:
        self._source = source
        self._sink = sink
        self._read_hidden = read_hidden
        self._yes = yes
        self._wait_for_line = wait_for_line

    def text(self, question: str, *, flag: str, default: str | None = None) -> str:
        """See Prompt.text."""
        while True:
            answer = self._ask(f"{question} [{default}]: " if default else f"{question}: ")
            if answer or default is not None:
                return answer or default or ""
            self._say(f"An answer is needed ({flag} on the command line).")

    def secret(self, question: str, *, flag: str) -> str:
        """See Prompt.secret."""
        try:
            return self._read_hidden(f"{question}: ")
        except EOFError as error:
            raise CancelledError(f"no answer for {flag}; nothing was changed") from error

    def choice(self, question: str, options: Sequence[str], *, flag: str, default: int) -> int:
        """See Prompt.choice."""
        for number, option in enumerate(options, 1):
            self._say(f"  {number}. {option}")
        while True:
            answer = self.text(question, flag=flag, default=str(default + 1))
            if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(options):
                return int(answer) - 1
            self._say(f"Type a number from 1 to {len(options)}.")

    def confirm(self, question: str, *, default: bool = True) -> bool:
        """See Prompt.confirm."""
        return self._yes or self.offer(question, default=default)

    def offer(self, question: str, *, default: bool = True) -> bool:
        """See Prompt.offer."""
        while True:
            answer = self._ask(f"{question} [{'Y/n' if default else 'y/N'}] ").lower()
            if not answer:
                return default
            if answer in _YES | _NO:
                return answer in _YES
            self._say("Type y or n.")

    def _ask(self, question: str) -> str:
        self._sink.write(one_line(question))
        self._sink.flush()
        self._wait_for_line()
        line = self._source.readline()
        if not line:
            raise CancelledError("the terminal was closed; nothing more was done")
        return line.strip()

    def _say(self, text: str) -> None:
        self._sink.write(one_line(text) + "\n")
        self._sink.flush()


class NobodyPrompt:
    """See Prompt: takes defaults, and orders as they were given."""

    is_attended = False

    def text(self, question: str, *, flag: str, default: str | None = None) -> str:
        """See Prompt.text."""
        if default is None:
            _nobody(question, flag)
        return default

    def secret(self, question: str, *, flag: str) -> str:
        """See Prompt.secret."""
        _nobody(question, flag)

    def choice(self, question: str, options: Sequence[str], *, flag: str, default: int) -> int:
        """See Prompt.choice."""
        if len(options) != 1:
            _nobody(question, flag)
        return default

    def confirm(self, question: str, *, default: bool = True) -> bool:  # noqa: ARG002 - nobody is asked
        """See Prompt.confirm."""
        return True

    def offer(self, question: str, *, default: bool = True) -> bool:  # noqa: ARG002 - nobody is asked
        """See Prompt.offer."""
        return False


def _nobody(question: str, flag: str) -> NoReturn:
    raise InvalidRequestError(
        f"nobody is there to answer: {question[:1].lower()}{question[1:]}?", hint=f"Give {flag}; nothing was changed."
    )
