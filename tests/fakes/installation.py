"""Whose backups, workspaces and processes those of the unit tests are."""

from __future__ import annotations

import uuid

# Of this process alone: tests that run beside it end what their installation left behind, by its mark.
INSTALLATION = uuid.uuid4().hex
