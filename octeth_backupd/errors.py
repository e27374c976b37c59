"""The errors of octeth-backupd.

Every error says what happened in lower case without a full stop; its hint is a full sentence that says what to do. An
error of a library is translated at the door that meets it (``raise … from exc``), so that code above sees only these::

    BackupdError
    ├── ConfigurationError      the configuration cannot be used (exit 78)
    ├── InvalidRequestError     a request that can never succeed as it is
    │   ├── NotFoundError           an id or name that does not exist
    │   ├── AmbiguousIdError        a shortened id that fits several
    │   └── PermissionDeniedError   the peer may not do this
    ├── BusyError               somebody holds the lock; says who (exit 75)
    ├── CancelledError          the operator, a stop or a guard ended the run
    ├── PreflightError          checks failed before anything was done
    ├── HookError               a program of the operator stopped the run, or failed after it
    ├── ServerError             the MySQL server or its container
    │   ├── ServerUnreachableError  no connection, container absent or stopped
    │   ├── LoginRefusedError       the server refused user or password
    │   ├── IdentityError           these files are not this server's
    │   └── ServerStillRunningError it did not stop in time, and nothing is ever killed
    ├── DockerError             the Docker engine itself
    ├── ProgramError            a program failed, is missing or said something impossible
    │   └── ProgramTimeoutError     it ran longer than allowed
    ├── EngineError             a backup engine cannot do this or did it wrong
    ├── MetadataError           a file written by an engine does not say what it must
    ├── SpaceError              a file system is or would become too full
    ├── StorageError            a storage backend
    │   └── RetainedError           an object lock forbids to delete it, until a time
    ├── RestoreError            a restore ended without restoring; says what the server's data is now
    │   └── RestoreRefusedError     the plan has refusals: nothing was touched
    ├── VerificationError       a post-condition does not hold: this is not a good backup
    ├── NotifyError             a notice did not get through to a notifier's endpoint
    └── CatalogError            the catalog is damaged, locked or from a newer release
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from datetime import datetime


class BackupdError(Exception):
    """Say what went wrong, what to do about it and whether trying again may help.

    Attributes:
        code: Stable word for machines, part of the control interface.
        exit_code: What ``octeth-backupctl`` ends with when this error ends a command.
        hint: A full sentence for the operator; may be empty.
        retryable: The same call may succeed later without anybody changing anything.
    """

    code: ClassVar[str] = "internal_error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retryable = retryable


class ConfigurationError(BackupdError):
    """The configuration cannot be used."""

    code = "configuration"
    exit_code = 78


class InvalidRequestError(BackupdError):
    """A request that can never succeed as it is."""

    code = "invalid_request"
    exit_code = 2


class NotFoundError(InvalidRequestError):
    """An id or name that does not exist."""

    code = "not_found"
    exit_code = 4


class AmbiguousIdError(InvalidRequestError):
    """A shortened id that fits several."""

    code = "ambiguous_id"
    exit_code = 4


class PermissionDeniedError(InvalidRequestError):
    """The peer may not do this."""

    code = "permission_denied"
    exit_code = 77


class BusyError(BackupdError):
    """Somebody holds the lock; the message says who."""

    code = "busy"
    exit_code = 75


class CancelledError(BackupdError):
    """The run was ended on purpose: by an operator or by the daemon's stop."""

    code = "cancelled"
    exit_code = 3


class PreflightError(BackupdError):
    """Checks failed before anything was done; the message names all of them."""

    code = "preflight_failed"


class HookError(BackupdError):
    """A program of the operator stopped the run, or failed after it."""

    code = "hook_failed"


class ServerError(BackupdError):
    """The MySQL server or its container."""

    code = "server"


class ServerUnreachableError(ServerError):
    """No connection: container absent, stopped or paused, port closed."""

    code = "server_unreachable"


class LoginRefusedError(ServerError):
    """The server refused user or password."""

    code = "login_refused"


class IdentityError(ServerError):
    """The files at hand are not this server's."""

    code = "identity_mismatch"


class ServerStillRunningError(ServerError):
    """The server did not stop in time; nothing is ever killed, it may stop any moment later."""

    code = "server_still_running"


class DockerError(BackupdError):
    """The Docker engine cannot be reached or refused a call."""

    code = "docker"


class ProgramError(BackupdError):
    """A program failed, is missing or said something impossible."""

    code = "program_failed"


class ProgramTimeoutError(ProgramError):
    """A program ran longer than allowed and was ended."""

    code = "program_timeout"


class EngineError(BackupdError):
    """A backup engine cannot do this, or did it wrong."""

    code = "engine"


class MetadataError(BackupdError):
    """A file written by an engine does not say what it must."""

    code = "engine_metadata"


class SpaceError(BackupdError):
    """A file system is, or would become, too full."""

    code = "no_space"


class StorageError(BackupdError):
    """A storage backend refused, failed or lost something."""

    code = "storage"


class RetainedError(StorageError):
    """An object lock forbids to delete a file.

    Attributes:
        until: When the lock ends; None for a legal hold, or when the storage did not say.
    """

    code = "retained"

    def __init__(self, message: str, *, until: datetime | None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.until = until


class VerificationError(BackupdError):
    """A post-condition does not hold: this is not a good backup."""

    code = "verification_failed"


class RestoreError(BackupdError):
    """A restore ended without restoring; the message says what the server's data is now."""

    code = "restore_failed"


class RestoreRefusedError(RestoreError):
    """The plan of a restore has refusals: nothing was touched."""

    code = "restore_refused"


class NotifyError(BackupdError):
    """A notice did not get through to a notifier's endpoint.

    Attributes:
        retry_after_seconds: How long the endpoint asks to be left alone; None when it did not say.
    """

    code = "notify"

    def __init__(
        self, message: str, *, hint: str = "", retryable: bool = False, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message, hint=hint, retryable=retryable)
        self.retry_after_seconds = retry_after_seconds


class CatalogError(BackupdError):
    """The catalog is damaged, locked or from a newer release."""

    code = "catalog"
