"""The few requests of roff that manual pages need.

Source:
    man(7), groff_man_style(7).
"""

from __future__ import annotations

import re

from octeth_backupd import __version__

_CODE = re.compile(r"`([^`]+)`")


def escaped(text: str) -> str:
    """Return text so that roff prints it as it is: hyphens that can be copied, no request at a line's beginning."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def prose(text: str) -> str:
    """Return a paragraph's text, with what stands between backticks in bold."""
    return _CODE.sub(r"\\fB\1\\fR", escaped(text.strip()))


def title(name: str, section: int) -> str:
    """Return the line that begins a page."""
    return f'.TH "{escaped(name.upper())}" {section} "" "octeth\\-backupd {__version__}" "octeth\\-backupd"'


def heading(text: str) -> str:
    """Return the heading of a section."""
    return f'.SH "{escaped(text)}"'


def subheading(text: str) -> str:
    """Return the heading within a section."""
    return f'.SS "{escaped(text)}"'


def paragraph(text: str) -> str:
    """Return a paragraph."""
    return f".PP\n{prose(text)}"


def entry(term: str, text: str) -> str:
    """Return a term in bold and, indented, what is said of it."""
    return f".TP\n.B {escaped(term)}\n{prose(text)}"


def verbatim(text: str) -> str:
    """Return lines that keep their breaks."""
    return f".PP\n.nf\n{escaped(text.rstrip())}\n.fi"
