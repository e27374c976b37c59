"""The catalog's tables as queries see them. ``migrations`` makes them; a test holds the two together.

Columns are named like the fields of the values in ``domain``, so that a row and a value convert by name.
"""

from __future__ import annotations

import sqlalchemy as sa

from octeth_backupd.catalog.columns import large_json, small_json, texts, tiers, utc_time, wide_integer, word
from octeth_backupd.domain.backup import CopyState, Mode, Operation, Origin, RunStatus, SlotState, Tier, Trigger
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.notices.delivery import DeliveryState
from octeth_backupd.domain.notices.notice import NoticeKind
from octeth_backupd.domain.server import Vendor

metadata = sa.MetaData()

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

servers = sa.Table(
    "servers",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("first_seen", utc_time(), nullable=False),
    sa.Column("last_seen", utc_time(), nullable=False),
)

server_identities = sa.Table(
    "server_identities",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("server", sa.Text, sa.ForeignKey("servers.name"), nullable=False),
    sa.Column("vendor", word(Vendor), nullable=False),
    sa.Column("server_uuid", sa.Text, nullable=False),
    sa.Column("server_id", wide_integer(), nullable=False),
    sa.Column("hostname", sa.Text, nullable=False),
    sa.Column("data_device", wide_integer(), nullable=False),
    sa.Column("data_inode", wide_integer(), nullable=False),
    sa.Column("first_seen", utc_time(), nullable=False),
    sa.Column("last_seen", utc_time(), nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("operation", word(Operation), nullable=False),
    sa.Column("server", sa.Text, nullable=False),
    sa.Column("trigger", word(Trigger), nullable=False),
    sa.Column("tiers", tiers(), nullable=False),
    sa.Column("status", word(RunStatus), nullable=False),
    sa.Column("created_at", utc_time(), nullable=False),
    sa.Column("requested_by", sa.Text, nullable=False),
    sa.Column("started_at", utc_time()),
    sa.Column("finished_at", utc_time()),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("backup_id", sa.Text),
    sa.Column("error_code", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("hint", sa.Text, nullable=False),
    sa.Column("detail", small_json(), nullable=False),
)

steps = sa.Table(
    "steps",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.run_id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("status", word(RunStatus), nullable=False),
    sa.Column("started_at", utc_time(), nullable=False),
    sa.Column("finished_at", utc_time()),
    sa.Column("detail", small_json(), nullable=False),
)

backups = sa.Table(
    "backups",
    metadata,
    sa.Column("backup_id", sa.Text, primary_key=True),
    sa.Column("server", sa.Text, nullable=False),
    sa.Column("taken_at", utc_time(), nullable=False),
    sa.Column("finished_at", utc_time(), nullable=False),
    sa.Column("tier", word(Tier), nullable=False),
    sa.Column("tiers", tiers(), nullable=False),
    sa.Column("trigger", word(Trigger), nullable=False),
    sa.Column("mode", word(Mode), nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("installation_id", sa.Text, nullable=False),
    sa.Column("archive_name", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("data_bytes", sa.Integer, nullable=False),
    sa.Column("archive_bytes", sa.Integer, nullable=False),
    sa.Column("vendor", sa.Text, nullable=False),
    sa.Column("server_version", sa.Text, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("engine_version", sa.Text, nullable=False),
    sa.Column("to_lsn", sa.Integer, nullable=False),
    sa.Column("last_lsn", sa.Integer, nullable=False),
    sa.Column("suspect", sa.Text, nullable=False),
    sa.Column("origin", word(Origin), nullable=False),
)

summaries = sa.Table(
    "summaries",
    metadata,
    sa.Column("taken_at", utc_time(), primary_key=True),
    sa.Column("backup_id", sa.Text, primary_key=True),
    sa.Column("server", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
)

manifests = sa.Table(
    "manifests",
    metadata,
    sa.Column("backup_id", sa.Text, sa.ForeignKey("backups.backup_id"), primary_key=True),
    sa.Column("manifest", large_json(), nullable=False),
)

copies = sa.Table(
    "copies",
    metadata,
    sa.Column("backup_id", sa.Text, sa.ForeignKey("backups.backup_id"), primary_key=True),
    sa.Column("storage", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("state", word(CopyState), nullable=False),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("updated_at", utc_time(), nullable=False),
    sa.Column("verified_at", utc_time()),
    sa.Column("detail", sa.Text, nullable=False),
)

slots = sa.Table(
    "slots",
    metadata,
    sa.Column("server", sa.Text, primary_key=True),
    sa.Column("schedule", sa.Text, primary_key=True),
    sa.Column("due_at", utc_time(), primary_key=True),
    sa.Column("tier", word(Tier), nullable=False),
    sa.Column("state", word(SlotState), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("run_id", sa.Text),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("decided_at", utc_time()),
)

schedule_states = sa.Table(
    "schedule_states",
    metadata,
    sa.Column("server", sa.Text, primary_key=True),
    sa.Column("schedule", sa.Text, primary_key=True),
    sa.Column("definition", sa.Text, nullable=False),
    sa.Column("known_since", utc_time(), nullable=False),
    sa.Column("paused", sa.Boolean, nullable=False),
    sa.Column("paused_by", sa.Text, nullable=False),
    sa.Column("paused_at", utc_time()),
)

pins = sa.Table(
    "pins",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("backup_id", sa.Text, sa.ForeignKey("backups.backup_id"), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("pinned_by", sa.Text, nullable=False),
    sa.Column("pinned_at", utc_time(), nullable=False),
    sa.Column("unpinned_by", sa.Text, nullable=False),
    sa.Column("unpinned_at", utc_time()),
)

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("hold_id", sa.Integer, primary_key=True),
    sa.Column("server", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("backup_id", sa.Text, nullable=False),
    sa.Column("protected", texts(), nullable=False),
    sa.Column("begun_at", utc_time(), nullable=False),
    sa.Column("ended_at", utc_time()),
    sa.Column("ended_by", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)

accepts = sa.Table(
    "accepts",
    metadata,
    sa.Column("backup_id", sa.Text, sa.ForeignKey("backups.backup_id"), primary_key=True),
    sa.Column("accepted_at", utc_time(), primary_key=True),
    sa.Column("doubt", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("accepted_by", sa.Text, nullable=False),
)

proofs = sa.Table(
    "proofs",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("backup_id", sa.Text, sa.ForeignKey("backups.backup_id"), nullable=False),
    sa.Column("level", word(ProofLevel), nullable=False),
    sa.Column("storage", sa.Text, nullable=False),
    sa.Column("proven_at", utc_time(), nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)

adopted_installations = sa.Table(
    "adopted_installations",
    metadata,
    sa.Column("installation_id", sa.Text, primary_key=True),
    sa.Column("adopted_by", sa.Text, nullable=False),
    sa.Column("adopted_at", utc_time(), nullable=False),
)

uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("storage", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("upload_id", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("part_bytes", sa.Integer, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("begun_at", utc_time(), nullable=False),
)

problems = sa.Table(
    "problems",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("server", sa.Text, nullable=False),
    sa.Column("kind", word(NoticeKind), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("began_at", utc_time(), nullable=False),
    sa.Column("last_told_at", utc_time()),
    sa.Column("ended_at", utc_time()),
    sa.Column("after_delivery", sa.Integer, nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("delivery_id", sa.Integer, primary_key=True),
    sa.Column("notifier", sa.Text, nullable=False),
    sa.Column("kind", word(NoticeKind), nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("notice", sa.Text, nullable=False),
    sa.Column("state", word(DeliveryState), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_try_at", utc_time(), nullable=False),
    sa.Column("last_error", sa.Text, nullable=False),
    sa.Column("last_failed_at", utc_time()),
    sa.Column("created_at", utc_time(), nullable=False),
    sa.Column("ended_at", utc_time()),
)
