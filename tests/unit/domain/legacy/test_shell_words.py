"""Words and operators of a shell script."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.legacy.shell_words import Opaque, Operator, Part, Reference, Text, Unfinished, Word, tokens


def _parts(script: str) -> tuple[Part, ...]:
    [word] = tokens(script)
    assert isinstance(word, Word)
    return word.parts


@pytest.mark.parametrize(
    ("script", "parts"),
    [
        ("plain#1", (Text(text="plain#1"),)),
        ("'$a `b` \\'", (Text(text="$a `b` \\", quote="'"),)),
        ('"a b"', (Text(text="a b", quote='"'),)),
        ('""', (Text(text="", quote='"'),)),
        ('"\\"\\\\\\$\\`\\n"', (Text(text='"\\$`\\n', quote='"'),)),
        ("$A/x", (Reference(name="A"), Text(text="/x"))),
        ("${A}x", (Reference(name="A"), Text(text="x"))),
        ("${A:-b/c}", (Reference(name="A", default="b/c", default_for_empty=True),)),
        ("${A-b}", (Reference(name="A", default="b"),)),
        ("a$", (Text(text="a$"),)),
        ('"a$"', (Text(text="a", quote='"'), Text(text="$", quote='"'))),
    ],
)
def test_word_is_read_as_its_parts(script: str, parts: tuple[Part, ...]) -> None:
    assert _parts(script) == parts


@pytest.mark.parametrize(
    "script",
    ["`id`", "$(id)", '"$(echo ")" \')\')"', "$$", "$1", "$@", "${A%x}", "${A:-$B}", "$'a\\'b'", "a\\b", "$[1]"],
)
def test_what_only_bash_knows_is_no_text(script: str) -> None:
    [word] = tokens(script)

    assert isinstance(word, Word)
    assert any(isinstance(part, Opaque) for part in word.parts)


def test_apostrophe_in_braces_in_double_quotes_opens_nothing() -> None:
    [first, separator, second] = tokens('"${A:-it\'s}";b')

    assert isinstance(first, Word)
    assert separator == Operator(text=";", line=1)
    assert second == Word(parts=(Text(text="b"),), line=1)


def test_comment_begins_only_where_a_word_could() -> None:
    found = list(tokens("a#b # c 'd\ne"))

    assert [token.parts for token in found if isinstance(token, Word)] == [(Text(text="a#b"),), (Text(text="e"),)]


def test_lines_are_counted_through_quotes_and_continuations() -> None:
    found = [token for token in tokens("'a\nb'\n\\\nc") if isinstance(token, Word)]

    assert [word.line for word in found] == [1, 4]


@pytest.mark.parametrize(
    ("script", "begun"), [("A='b", "A="), ('A="b', "A="), ("A=$(b", "A="), ("A=`b", "A="), ("A=b${c", "A=b")]
)
def test_what_is_never_closed_ends_the_reading_and_names_its_word(script: str, begun: str) -> None:
    *_, last = tokens(f"X=1\n{script}\nY=2\n")

    assert isinstance(last, Unfinished)
    assert (last.line, last.begun) == (2, begun)


def test_here_document_ends_the_reading() -> None:
    *_, last = tokens("cat <<END\nA=1\nEND\nB=2")

    assert isinstance(last, Unfinished)
