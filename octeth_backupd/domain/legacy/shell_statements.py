"""What the commands of a shell script assign, and where that depends on more than the script says."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.shell_words import Operator, Part, Text, Token, Unfinished, Word, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASSIGNMENT = re.compile(
    r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<odd>\[[^]]*\]\+?|\+)?=(?P<rest>.*)", re.ASCII | re.DOTALL
)
_OPENING = {"if": "fi", "for": "done", "while": "done", "until": "done", "select": "done", "case": "esac", "{": "}"}
_CLOSING = frozenset(_OPENING.values())
_BETWEEN = frozenset({"then", "elif", "else", "do", "!", "time"})
_BEGIN_LISTS = frozenset({"for", "select", "case"})
_CONDITION = frozenset({"&&", "||"})
_SEPARATORS = frozenset({";", "&&", "||"})
_ELSEWHERE = frozenset({"|", "|&", "&"})
_CASE_ENDS = frozenset({";;", ";&", ";;&"})
_ENDS = frozenset({"\n", ";", ";;", ";&", ";;&", "&", "&&", "||", "|", "|&", "(", ")"})
_HARMLESS = frozenset({"set", "shopt", "true", "umask", "return", "exit", "echo", "printf", "[", "[[", "test"})
_BRACES = re.compile(r"\{[^}]*(?:,|\.\.)[^}]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """``NAME=value``.

    Attributes:
        value: Its parts, for ``shell_values`` to put together.
        problem: Why bash's own result is not certain; empty when it is.
        is_conditional: It stands in an ``if``, a loop, a function, or after ``&&``.
    """

    name: str
    value: tuple[Part, ...]
    line: int
    problem: str = ""
    is_conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """``unset NAME``."""

    name: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Any other command; nobody executes it. Its words are not kept: they may be the rest of a password."""

    line: int
    is_conditional: bool = False


Statement = Assignment | Removal | Execution | Unfinished


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    words: tuple[Word, ...]
    before: str
    after: str
    is_redirected: bool
    is_inside: bool
    runs_into_command: bool


def statements(script: str) -> Iterator[Statement]:
    """Yield what a script does, in its order, as far as it is about variables."""
    open_blocks: list[str] = []
    words: list[Word] = []
    line: list[Statement] = []
    before, is_redirected = "\n", False
    found = [*tokens(script), Operator(text="\n", line=0)]
    for token, following in zip(found, [*found[1:], found[-1]], strict=True):
        if isinstance(token, Word):
            words.append(token)
        elif isinstance(token, Unfinished):
            yield from _of_line([*line, token])
            return
        elif token.text not in _ENDS:
            is_redirected = True
        else:
            command = _Command(
                words=tuple(_without_reserved(words, open_blocks)),
                before=before,
                after=token.text,
                is_redirected=is_redirected,
                is_inside=bool(open_blocks),
                runs_into_command=token.text in _SEPARATORS
                and _begins_odd_command(following, separator=token.text, is_inside=bool(open_blocks)),
            )
            line += _of_command(command)
            _follow_parentheses(token.text, open_blocks)
            words, before, is_redirected = [], token.text, False
            if token.text == "\n":
                yield from _of_line(line)
                line = []


def _of_line(found: list[Statement]) -> Iterator[Statement]:
    """Yield the statements of a line; bash reads all of it or, where one thing makes no sense, nothing."""
    odd = next(
        (one for one in found if isinstance(one, Unfinished) or (isinstance(one, Assignment) and one.problem)), None
    )
    for one in found:
        if odd is not None and isinstance(one, Assignment) and not one.problem:
            yield replace(one, problem="a value on one line with something that bash may refuse")
        else:
            yield one


def _without_reserved(words: list[Word], open_blocks: list[str]) -> list[Word]:
    """Return the command behind words such as ``if``, keeping track of what they open and close."""
    rest = list(words)
    while rest:
        word = rest[0].bare
        if word == "function":
            rest = rest[2:]
            continue
        if word in _OPENING:
            open_blocks.append(_OPENING[word])
        elif word in _CLOSING and open_blocks:
            open_blocks.pop()
        elif word not in _BETWEEN:
            return rest if word not in _BEGIN_LISTS else []
        if word in _BEGIN_LISTS:
            return []
        rest.pop(0)
    return rest


def _begins_odd_command(token: Token, *, separator: str, is_inside: bool) -> bool:
    """Return whether what follows a separator looks like the rest of a value rather than the next command."""
    if not isinstance(token, Word):
        return not (isinstance(token, Operator) and token.text == "\n" and separator == ";")
    is_known = token.bare in _HARMLESS or token.bare in ("export", "unset") or is_inside
    return not is_known and _as_assignment(token, is_conditional=False, is_export=False) is None


def _follow_parentheses(operator: str, open_blocks: list[str]) -> None:
    if operator == "(":
        open_blocks.append(")")
    elif operator == ")" and open_blocks[-1:] == [")"]:  # in a case it only ends a pattern
        open_blocks.pop()


def _of_command(command: _Command) -> Iterator[Statement]:
    words = command.words
    if not words:
        return
    is_conditional = command.is_inside or command.before in _CONDITION
    program = words[0].bare
    if program == "unset" and not is_conditional and not command.is_redirected:
        yield from (Removal(name=word.bare, line=word.line) for word in words[1:] if word.bare)
        return
    is_export = program == "export"
    found = [_as_assignment(word, is_conditional=is_conditional, is_export=is_export) for word in words]
    assigned = [one for one in found if one is not None]
    others = [word for word, one in zip(words, found, strict=True) if one is None]
    problem = _problem(command, others[1:] if is_export else others, is_export=is_export)
    for one in assigned:
        yield one if not problem else Assignment(name=one.name, value=(), line=one.line, problem=problem)
    if others and not is_export and program not in _HARMLESS:
        yield Execution(line=words[0].line, is_conditional=is_conditional)


def _problem(command: _Command, others: list[Word], *, is_export: bool) -> str:
    """Return why the assignments of a command are not what they look like; empty when they are."""
    if command.after in _ELSEWHERE or command.after in _CASE_ENDS:
        return f"an unquoted {command.after}, where bash ends the value"
    if command.before in ("|", "|&"):
        return "a value that is set in a pipe, and so nowhere"
    if command.after in ("(", ")"):
        return "an unquoted parenthesis"
    if command.is_redirected:
        return "an unquoted < or >, which bash takes for a redirection"
    if command.runs_into_command:
        return f"an unquoted {command.after}, where bash ends the value"
    if is_export:
        odd = any(not re.fullmatch(r"[A-Za-z_]\w*", word.bare, re.ASCII) for word in others)
        return "words that are no assignments" if odd else ""
    return "an unquoted space: what follows is run as a command, and the variable stays unset" if others else ""


def _as_assignment(word: Word, *, is_conditional: bool, is_export: bool) -> Assignment | None:
    first = word.parts[0]
    match = _ASSIGNMENT.fullmatch(first.text) if isinstance(first, Text) and not first.quote else None
    if match is None:
        return None
    rest = (Text(text=match["rest"]),) if match["rest"] else ()
    value = (*rest, *word.parts[1:])
    problem = ""
    if match["odd"]:
        problem = "an array or an addition"
    elif is_export and any(isinstance(part, Text) and not part.quote and _BRACES.search(part.text) for part in value):
        problem = "braces that bash expands after export"
    return Assignment(name=match["name"], value=value, line=word.line, problem=problem, is_conditional=is_conditional)
