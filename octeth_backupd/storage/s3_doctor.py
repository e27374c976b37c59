"""Everything that backup, restore and expiry do with a bucket, tried step by step, for ``octeth-backupctl doctor``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.counting import counted
from octeth_backupd.errors import BackupdError, RetainedError, StorageError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.storage.s3_body import Body, RateLimit, in_memory
from octeth_backupd.storage.s3_classes import early_deletion
from octeth_backupd.storage.s3_errors import DENIED, S3RefusedError
from octeth_backupd.storage.s3_iam import missing_statement
from octeth_backupd.storage.s3_locks import require_no_lock
from octeth_backupd.storage.s3_options import archive_options, text_options
from octeth_backupd.storage.s3_sending import md5_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.storage.s3_client import S3Client
    from octeth_backupd.storage.s3_settings import S3Settings

STEPS = (
    "storage_credentials",
    "storage_list",
    "storage_clock",
    "storage_write",
    "storage_read",
    "storage_class",
    "storage_delete",
    "storage_lock",
    "storage_multipart",
)
PROBE = b"octeth-backupd can write here\n"
PROBE_NAME = ".octeth-backupd-probe"
"""Hidden, so that no list shows it; of a fixed name, so that at most one is left where deleting is not allowed."""

_CLOCK_SECONDS = 60
_NEEDED = {"storage_read": "storage_write", "storage_class": "storage_write", "storage_delete": "storage_write"}


def probe_key(settings: S3Settings) -> str:
    """Return the key of the object that trials write."""
    return f"{settings.prefix}/{PROBE_NAME}" if settings.prefix else PROBE_NAME


@dataclass(slots=True, kw_only=True)
class S3Doctor:
    """One examination of a bucket.

    Attributes:
        shortest_retention_days: After how many days the first copies expire; 0: not known.
    """

    name: str
    settings: S3Settings
    client: S3Client
    clock: Clock
    shortest_retention_days: int = 0
    _results: list[CheckResult] = field(default_factory=list)

    def examine(self) -> tuple[CheckResult, ...]:
        """Try every step; what cannot be tried because another failed is unknown."""
        stopped_by = ""
        for step in STEPS:
            waits_for = stopped_by or self._failed_before(_NEEDED.get(step, ""))
            if waits_for:
                self._say(step, CheckStatus.UNKNOWN, f"not tried: {waits_for} failed", fix="Repair that first.")
                continue
            try:
                self._trials()[step]()
            except S3RefusedError as exc:
                self._refused(step, exc)
                # Without a bucket or a known key there is nothing left to try; without a permission there is.
                stopped_by = "" if exc.reason in DENIED or step not in STEPS[:2] else step
            except BackupdError as exc:
                self._say(step, CheckStatus.FAILED, exc.message, fix=exc.hint)
                stopped_by = step if step in STEPS[:2] else ""
        return tuple(self._results)

    def _trials(self) -> dict[str, Callable[[], None]]:
        return {
            "storage_credentials": self._credentials,
            "storage_list": self._list,
            "storage_clock": self._clock_skew,
            "storage_write": self._write,
            "storage_read": self._read,
            "storage_class": self._class,
            "storage_delete": self._delete,
            "storage_lock": self._lock,
            "storage_multipart": self._multipart,
        }

    def _credentials(self) -> None:
        self._passed("storage_credentials", f"credentials found ({self.client.who()})")

    def _list(self) -> None:
        prefix = f"{self.settings.prefix}/" if self.settings.prefix else ""
        is_empty = next(iter(self.client.list_objects(prefix, page_size=1)), None) is None
        where = f"s3://{self.settings.bucket}/{prefix}"
        self._passed("storage_list", f"{where} can be listed{': nothing there yet' if is_empty else ''}")

    def _clock_skew(self) -> None:
        said = self.client.clock_of_service(self.settings.prefix)
        try:
            seconds = abs((self.clock.now() - parsedate_to_datetime(said)).total_seconds())
        except (ValueError, TypeError):
            self._passed("storage_clock", "the service does not say its time")
            return
        if seconds > _CLOCK_SECONDS:
            self._say(
                "storage_clock",
                CheckStatus.WARNING,
                f"this machine's clock and the service's are {seconds:.0f} s apart",
                fix="Set it right and keep it so: timedatectl set-ntp true. At 15 minutes everything is refused.",
            )
        else:
            self._passed("storage_clock", f"this machine's clock is right to {seconds:.0f} s")

    def _write(self) -> None:
        self._put(text_options(self.settings, hashlib.sha256(PROBE).hexdigest()))
        self._passed("storage_write", f"{probe_key(self.settings)} was written")

    def _read(self) -> None:
        if self.client.read_whole(probe_key(self.settings), len(PROBE)) != PROBE:
            self._say(
                "storage_read",
                CheckStatus.FAILED,
                "what was read is not what was written",
                fix="Run it again; if it stays so, the service does not keep what it is given.",
            )
        else:
            self._passed("storage_read", "what was written was read back")

    def _class(self) -> None:
        wanted = self.settings.storage_class
        if not wanted:
            self._passed("storage_class", "archives go to the bucket's usual class")
            return
        options = archive_options(self.settings, hashlib.sha256(PROBE).hexdigest(), self.clock.now())
        self._put({name: value for name, value in options.items() if not name.startswith("ObjectLock")})
        found = self.client.head(probe_key(self.settings)).storage_class or "STANDARD"
        if found != wanted:
            self._say(
                "storage_class",
                CheckStatus.WARNING,
                f"the service took {wanted} and stored {found}",
                fix="Correct storage_class, or leave it out.",
            )
        elif early := early_deletion(wanted, self.shortest_retention_days):
            self._say(
                "storage_class",
                CheckStatus.WARNING,
                early,
                fix="Choose another storage_class, or keep copies there for longer.",
            )
        else:
            self._passed("storage_class", f"archives go to {wanted}")

    def _delete(self) -> None:
        key = probe_key(self.settings)
        try:
            self._look_for_lock(key)
        finally:
            self.client.delete(key)
        self._passed("storage_delete", "what was written was deleted")

    def _look_for_lock(self, key: str) -> None:
        """Ask what ``Storage.delete`` asks first: without an answer it deletes nothing."""
        is_expected = bool(self.settings.object_lock_mode)
        try:
            require_no_lock(self.client, key, self.client.head(key), is_expected=is_expected, now=self.clock.now())
        except RetainedError:  # by a rule of the bucket: an answer, too
            pass
        except StorageError as exc:
            if isinstance(exc.__cause__, S3RefusedError):  # it knows which permission is missing
                raise exc.__cause__ from None
            raise

    def _lock(self) -> None:
        if not self.settings.object_lock_mode:
            self._passed("storage_lock", "files are not locked")
        elif self.client.has_object_lock():
            self._passed("storage_lock", f"files are locked for {counted(self.settings.object_lock_days, 'day')}")
        else:
            self._no_lock()

    def _no_lock(self) -> None:
        self._say(
            "storage_lock",
            CheckStatus.FAILED,
            "the bucket cannot lock objects, and object_lock_mode is set",
            fix="Enable object lock for the bucket, which needs versions, or take object_lock_mode out.",
        )

    def _multipart(self) -> None:
        key, md5 = probe_key(self.settings), md5_of(PROBE)
        upload_id = self.client.begin_upload(key, text_options(self.settings, hashlib.sha256(PROBE).hexdigest()))
        try:
            self.client.put_part(key, upload_id, 1, self._body(), md5)
            listed = self.client.parts(key, upload_id)
            found = [one for one in self.client.open_uploads(key) if one.upload_id == upload_id]
        finally:
            self.client.abort_upload(key, upload_id)
        if len(listed) == 1 and found:
            self._passed("storage_multipart", "an upload in parts was begun, listed and aborted")
        else:
            self._say(
                "storage_multipart",
                CheckStatus.WARNING,
                "the service does not list open uploads or their parts",
                cause="What an interrupted upload left there cannot be found; such uploads begin anew.",
                fix="Add a lifecycle rule that aborts incomplete uploads after 7 days.",
            )

    def _put(self, options: dict[str, object]) -> None:
        self.client.put(
            probe_key(self.settings), self._body(), md5=md5_of(PROBE), options=options, only_if_absent=False
        )

    def _body(self) -> Body:
        return Body(in_memory(PROBE), len(PROBE), RateLimit(0, self.clock), Cancellation())

    def _failed_before(self, step: str) -> str:
        failed = [one.name for one in self._results if one.status is not CheckStatus.PASSED]
        return step if step in failed else ""

    def _refused(self, step: str, exc: S3RefusedError) -> None:
        if step == "storage_lock" and exc.reason in ("ObjectLockConfigurationNotFoundError", "404"):
            self._no_lock()
            return
        statement = missing_statement(exc.operation, self.settings) if exc.reason in DENIED else ""
        if step == "storage_delete" and statement:
            self._say(
                step,
                CheckStatus.WARNING,
                exc.message,
                cause="Copies there cannot expire.",
                fix="Allow it, or leave deleting to a lifecycle rule of the bucket.",
                command=statement,
            )
            return
        self._say(step, CheckStatus.FAILED, exc.message, fix=exc.hint, command=statement)

    def _passed(self, step: str, summary: str) -> None:
        self._say(step, CheckStatus.PASSED, summary)

    def _say(
        self, step: str, status: CheckStatus, summary: str, *, cause: str = "", fix: str = "", command: str = ""
    ) -> None:
        self._results.append(
            CheckResult(
                name=step, status=status, summary=f"{self.name}: {summary}", cause=cause, fix=fix, command=command
            )
        )
