"""Take a shell script apart into words and operators, as bash would; nothing is ever executed.

What a word holds beyond plain text stays visible as a part of its own, so that nobody takes it for text.

Source:
    bash(1), "QUOTING", "PARAMETERS" and "DEFINITIONS"; a test compares every reading with bash's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANK = " \t"
_META = frozenset(" \t\n;&|()<>")
_OPERATOR = re.compile(r"<<<|<<-|&>>|;;&|\|&|<<|>>|<&|>&|<>|>\||&>|;;|;&|&&|\|\||[;&|()<>\n]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_BRACED = re.compile(r"\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<colon>:?)-(?P<default>[\w./,%+@=:-]*))?\}", re.ASCII)
_SPECIAL = frozenset("0123456789@*#?$!-")
_ESCAPABLE_IN_QUOTES = '"\\$`'
COMMAND = "a command to be executed"
ESCAPE = "a backslash outside quotes, which bash drops"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Characters that stand for themselves.

    Attributes:
        quote: The quotation mark around them; empty for none.
    """

    text: str
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The value of a variable: ``$NAME``, ``${NAME}``, ``${NAME:-default}``.

    Attributes:
        default: Stands in where the variable is not set; None for no default.
        default_for_empty: Also where it is set and empty.
    """

    name: str
    default: str | None = None
    default_for_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """Something whose value only bash would know.

    Attributes:
        reason: What it is, as the end of a sentence that begins with "holds".
    """

    reason: str


Part = Text | Reference | Opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of a command; ``line`` is where it begins, from 1."""

    parts: tuple[Part, ...]
    line: int

    @property
    def bare(self) -> str:
        """Return a word that is plain text without quotes; empty for any other."""
        match self.parts:
            case (Text(text=text, quote=""),):
                return text
            case _:
                return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """What separates words and commands: ``;``, ``&&``, a line's end."""

    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """The rest of the script cannot be read: something that was opened is never closed.

    Attributes:
        begun: The text of the word so far, outside quotes; shows which variable it is about.
    """

    reason: str
    line: int
    begun: str = ""


Token = Word | Operator | Unfinished


class _UnclosedError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def tokens(script: str) -> Iterator[Token]:
    """Yield the words and operators of a script; an ``Unfinished`` is the last of all."""
    return _Scanner(script).tokens()


class _Scanner:
    def __init__(self, script: str) -> None:
        self._script = script
        self._at = 0
        self._parts: list[Part] = []

    def tokens(self) -> Iterator[Token]:
        while self._skip_blanks():
            line = self._line()
            operator = _OPERATOR.match(self._script, self._at)
            if operator:
                self._at = operator.end()
                yield Operator(text=operator[0], line=line)
                if operator[0] in ("<<", "<<-"):
                    yield Unfinished(reason="a here-document begins there", line=line)
                    return
                continue
            try:
                self._read_word()
            except _UnclosedError as error:
                yield Unfinished(reason=error.reason, line=line, begun=self._begun())
                return
            yield Word(parts=tuple(self._parts), line=line)

    def _line(self) -> int:
        return self._script.count("\n", 0, self._at) + 1

    def _peek(self, ahead: int = 0) -> str:
        return self._script[self._at + ahead : self._at + ahead + 1]

    def _skip_blanks(self) -> bool:
        """Go to the next token; return whether there is one."""
        while True:
            if self._peek() and self._peek() in _BLANK:
                self._at += 1
            elif self._script.startswith("\\\n", self._at):
                self._at += 2
            elif self._peek() == "#":
                end = self._script.find("\n", self._at)
                self._at = len(self._script) if end < 0 else end
            else:
                return bool(self._peek())

    def _begun(self) -> str:
        match self._parts[:1]:
            case [Text(text=text, quote="")]:
                return text
            case _:
                return ""

    def _read_word(self) -> None:
        self._parts = []
        while (char := self._peek()) and char not in _META:
            if char == "'":
                self._add(self._until_quote("'", self._at + 1), quote="'")
            elif char == '"':
                self._read_double_quotes()
            elif char == "\\":
                self._read_escape()
            elif char == "$":
                self._read_dollar(quote="")
            elif char == "`":
                self._skip_backticks()
            else:
                self._add(char)
                self._at += 1

    def _add(self, text: str, *, quote: str = "") -> None:
        last = self._parts[-1] if self._parts else None
        if isinstance(last, Text) and last.quote == quote == "":
            self._parts[-1] = Text(text=last.text + text)
        else:
            self._parts.append(Text(text=text, quote=quote))

    def _until_quote(self, mark: str, start: int) -> str:
        end = self._script.find(mark, start)
        if end < 0:
            raise _UnclosedError("a quotation mark is opened there and never closed")
        self._at = end + 1
        return self._script[start:end]

    def _read_escape(self) -> None:
        following = self._peek(1)
        self._at += 2
        if following != "\n":
            self._parts.append(Opaque(reason=ESCAPE))

    def _read_double_quotes(self) -> None:
        self._at += 1
        text = ""
        is_empty = True
        while (char := self._peek()) != '"':
            if not char:
                raise _UnclosedError("a quotation mark is opened there and never closed")
            if char in "$`":
                if text:
                    self._parts.append(Text(text=text, quote='"'))
                text, is_empty = "", False
                if char == "`":
                    self._skip_backticks()
                else:
                    self._read_dollar(quote='"')
                continue
            if char == "\\" and self._peek(1) == "\n":
                self._at += 2
                continue
            if char == "\\" and self._peek(1) and self._peek(1) in _ESCAPABLE_IN_QUOTES:
                self._at += 1
            text += self._peek()
            self._at += 1
        self._at += 1
        if text or is_empty:
            self._parts.append(Text(text=text, quote='"'))

    def _skip_backticks(self) -> None:
        self._at += 1
        while (char := self._peek()) != "`":
            if not char:
                raise _UnclosedError("a backtick is opened there and never closed")
            self._at += 2 if char == "\\" else 1
        self._at += 1
        self._parts.append(Opaque(reason=COMMAND))

    def _read_dollar(self, *, quote: str) -> None:
        self._at += 1
        char = self._peek()
        if name := _NAME.match(self._script, self._at):
            self._at = name.end()
            self._parts.append(Reference(name=name[0]))
        elif char == "{":
            self._read_braces(quote=quote)
        elif char == "(":
            self._at += 1
            self._skip_to(")", quote="")
            self._parts.append(Opaque(reason=COMMAND))
        elif char and char in _SPECIAL:
            self._at += 1
            self._parts.append(Opaque(reason=f"${char}, which only bash knows"))
        elif char == "[" or (char and char in "'\"" and not quote):
            self._read_odd_dollar(char)
        else:
            self._add("$", quote=quote)

    def _read_odd_dollar(self, char: str) -> None:
        """Take ``$'…'`` whole; of ``$"…"`` and ``$[…]`` only the dollar: the rest is read like anything else."""
        self._parts.append(Opaque(reason=f"${char}, which has a meaning of its own"))
        if char == "'":
            self._at += 1
            self._skip_to("'", quote="'")
        elif char == "[":
            self._at += 1

    def _read_braces(self, *, quote: str) -> None:
        plain = _BRACED.match(self._script, self._at)
        if plain:
            self._at = plain.end()
            self._parts.append(
                Reference(name=plain["name"], default=plain["default"], default_for_empty=bool(plain["colon"]))
            )
            return
        self._at += 1
        self._skip_to("}", quote=quote)
        self._parts.append(Opaque(reason="${…} with more than a name and a plain default"))

    def _skip_to(self, closing: str, *, quote: str) -> None:
        """Go past the end of what was opened; whatever is inside is not looked at but for what nests.

        Args:
            closing: The character that ends it.
            quote: What it stands in: in double quotes an apostrophe is a character like any other.
        """
        opening = {")": "(", "}": "{"}.get(closing, "")
        depth = 1
        while depth:
            char = self._peek()
            if not char:
                raise _UnclosedError(f"{opening or closing} is opened there and never closed")
            self._at += 2 if char == "\\" else 1
            if char == closing:
                depth -= 1
            elif char == opening:
                depth += 1
            elif char == '"' and quote != "'":
                self._skip_to('"', quote="'")
            elif char == "'" and not quote:
                self._until_quote("'", self._at)
