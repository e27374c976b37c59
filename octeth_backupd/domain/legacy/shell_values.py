"""The variables that a script leaves behind: each exactly as bash would, or not at all and with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.shell_statements import Assignment, Execution, Removal, statements
from octeth_backupd.domain.legacy.shell_words import ESCAPE, Opaque, Part, Reference, Text, Unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable after a script.

    Attributes:
        text: Its value, which may be a secret; None when it is not certain.
        source: ``file:line``.
        problem: Why it is not certain, as the end of a sentence that begins with "holds"; never a part of the value.
    """

    text: str | None
    source: str
    problem: str = ""

    def __repr__(self) -> str:
        return f"Variable(source={self.source!r}, problem={self.problem!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A place of a script that was not followed."""

    source: str
    message: str
    is_conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a script comes to."""

    variables: Mapping[str, Variable]
    unread: tuple[Unread, ...] = ()


def read_script(
    script: str,
    *,
    file: str,
    before: Mapping[str, Variable] | None = None,
    settled: Callable[[Assignment], bool] = lambda _: False,
) -> Reading:
    """Return the variables after a script, none of which was executed.

    Args:
        script: Its text.
        file: Its name, for messages.
        before: Variables that were set before it.
        settled: Says which conditional assignments are of no account because their effect is known otherwise.
    """
    variables = dict(before or {})
    unread: list[Unread] = []
    if "\r\n" in script:
        return Reading(variables=variables, unread=(_windows(file),))
    for statement in statements(script):
        source = f"{file}:{statement.line}"
        match statement:
            case Assignment():
                if not (statement.is_conditional and settled(statement)):
                    variables[statement.name] = _variable(statement, variables, source)
            case Removal(name=name):
                variables.pop(name, None)
            case Execution(is_conditional=is_conditional):
                unread.append(
                    Unread(source=source, message="a command, which is not executed", is_conditional=is_conditional)
                )
            case Unfinished(reason=reason, begun=begun):
                name, sign, _ = begun.partition("=")
                if sign and name.isidentifier():
                    variables[name] = Variable(text=None, source=source, problem="something that is never closed")
                unread.append(Unread(source=source, message=f"{reason}: nothing from there on is read"))
    return Reading(variables=variables, unread=tuple(unread))


def _windows(file: str) -> Unread:
    return Unread(
        source=file,
        message="has Windows line ends, which bash takes for a part of every value; nothing of it is read. "
        f"Run sed -i 's/\\r$//' {file}, and import again",
    )


def _variable(assignment: Assignment, variables: Mapping[str, Variable], source: str) -> Variable:
    problem = assignment.problem or ("a value that depends on a condition" if assignment.is_conditional else "")
    problem = problem or _odd_place(assignment.value)
    text = ""
    for part in assignment.value:
        if problem:
            break
        match part:
            case Text():
                text += part.text
            case Reference():
                found, problem = _resolve(part, variables)
                text += found
            case Opaque(reason=reason):
                problem = reason
    if not problem and not text.isprintable():
        problem = "a line end, a control character, or bytes that are not UTF-8"
    return Variable(text=None if problem else text, source=source, problem=problem)


def _odd_place(value: tuple[Part, ...]) -> str:
    """Return what bash reads otherwise than most people would; empty for nothing."""
    first = value[0] if value else None
    if isinstance(first, Text) and not first.quote and first.text.startswith("~"):
        return "a tilde, which bash expands"
    for part, following in zip(value, (*value[1:], None), strict=False):
        if isinstance(part, Opaque) and part.reason == ESCAPE:
            return ESCAPE
        if isinstance(part, Text) and not part.quote:
            if ":~" in part.text:
                return "a tilde, which bash expands"
            if isinstance(following, Text) and following.quote:
                return "a quotation mark amid the text, which bash removes"
    return ""


def _resolve(reference: Reference, variables: Mapping[str, Variable]) -> tuple[str, str]:
    """Return the value of a reference, and why there is none."""
    variable = variables.get(reference.name)
    if variable is not None and variable.text is None:
        return "", f"${reference.name}, which was not understood itself ({variable.source})"
    text = None if variable is None else variable.text
    if reference.default is not None and (text is None or (not text and reference.default_for_empty)):
        return reference.default, ""
    if text is None:
        return "", f"${reference.name}, which is set nowhere before"
    return text, ""
