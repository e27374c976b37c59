"""Post-conditions on whose data a backup holds: an engine given another server's directory reports success."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.engine_info import BACKUP_CNF_NAME, parse_backup_cnf
from octeth_backupd.domain.postconditions.base import Answer, PostCondition, Stage, failed, needed, passed
from octeth_backupd.domain.postconditions.metadata import checkpoints_of, info_of
from octeth_backupd.domain.server import Vendor, parse_version
from octeth_backupd.errors import MetadataError, ServerError

if TYPE_CHECKING:
    from octeth_backupd.domain.postconditions.evidence import Evidence

OTHER_SERVER = "The engine copied files of another server, or of another life of this one."
FIX_PATHS = (
    "Check data_directory of this server, and what is mounted into its container: `octeth-backupctl doctor` "
    "compares both."
)
FIX_LSN = "See that the server runs and that its login may read the redo position (`octeth-backupctl doctor`)."


def lsn_window(evidence: Evidence) -> Answer:
    """Answer whether the backup's LSNs lie where this server's were while the engine ran."""
    before = needed(evidence.before.lsn, "the server's redo position before is unknown", fix=FIX_LSN)
    asked_after = needed(evidence.after, "the server could not be asked after the backup", fix=FIX_LSN)
    after = needed(asked_after.lsn, "the server's redo position after is unknown", fix=FIX_LSN)
    raw = needed(evidence.raw, "the backup directory was not looked at")
    found = checkpoints_of(evidence, raw)
    if not before.current_lsn <= found.last_lsn <= after.current_lsn:
        return failed(
            f"last_lsn {found.last_lsn} is not between the server's LSN before ({before.current_lsn}) and after "
            f"({after.current_lsn})",
            cause=OTHER_SERVER,
            fix=FIX_PATHS,
        )
    if found.to_lsn < before.checkpoint_lsn:
        return failed(
            f"to_lsn {found.to_lsn} is below the server's last checkpoint before ({before.checkpoint_lsn})",
            cause=OTHER_SERVER,
            fix=FIX_PATHS,
        )
    return passed(
        f"last_lsn {found.last_lsn} lies between the server's own {before.current_lsn} and {after.current_lsn}"
    )


def server_uuid(evidence: Evidence) -> Answer:
    """Answer whether the engine recorded this server's uuid."""
    raw = needed(evidence.raw, "the backup directory was not looked at")
    text = needed(raw.texts.get(BACKUP_CNF_NAME), f"{BACKUP_CNF_NAME} was not read")
    recorded = parse_backup_cnf(text).get("server_uuid", "")
    if not recorded:
        raise MetadataError(f"{BACKUP_CNF_NAME} has no server_uuid under [mysqld]; expected the server's own")
    expected = evidence.before.identity.server_uuid
    if recorded.lower() != expected.lower():
        return failed(
            f"the backup is of server uuid {recorded}, this server's is {expected}", cause=OTHER_SERVER, fix=FIX_PATHS
        )
    return passed(f"the engine recorded this server's uuid {recorded}")


def server_version(evidence: Evidence) -> Answer:
    """Answer whether the engine talked to a server of this version."""
    text = info_of(evidence)["server_version"]
    try:
        recorded = parse_version(text)
    except ServerError as exc:
        raise MetadataError(f"the info file says 'server_version = {text}'; expected numbers such as 10.11.19") from exc
    if recorded != evidence.before.version:
        return failed(
            f"the engine saw a server of version {text}, the daemon {evidence.before.version_text}",
            cause="They did not talk to the same server, or it was replaced in between.",
            fix=FIX_PATHS,
        )
    return passed(f"the engine saw the same server version {text}")


def _has_server_uuid(evidence: Evidence) -> bool:
    return evidence.before.vendor is not Vendor.MARIADB


CONDITIONS = (
    PostCondition(
        name="lsn_window",
        stage=Stage.BACKUP,
        question="Do the backup's LSNs lie where the server's own were while the engine ran?",
        answer=lsn_window,
    ),
    PostCondition(
        name="server_uuid",
        stage=Stage.BACKUP,
        question="Did the engine record this server's uuid?",
        answer=server_uuid,
        applies=_has_server_uuid,
    ),
    PostCondition(
        name="server_version",
        stage=Stage.BACKUP,
        question="Did the engine see this server's version?",
        answer=server_version,
    ),
)
