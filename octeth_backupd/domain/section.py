"""The base of every settings section: frozen, strict about unknown keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the configuration file.

    Each field carries its documentation in ``Field(description=…)``: the example file and the reference page are
    generated from it. Units stand in the field's name (``_seconds``, ``_percent``) unless the type is ``ByteSize``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)
