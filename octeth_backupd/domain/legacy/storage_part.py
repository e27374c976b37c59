"""Where backups go: ``[local]`` and ``[s3]`` from the variables of the three cloud providers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.configuration import PROVIDER
from octeth_backupd.domain.legacy.endpoints import followed_endpoint, note_rclone_remote, note_unread_endpoint
from octeth_backupd.domain.legacy.report import Fate

if TYPE_CHECKING:
    from octeth_backupd.domain.legacy.draft import Draft
    from octeth_backupd.domain.legacy.surroundings import Surroundings

_SCHEME = "s3://"
SECRET_FILE = "s3.secret"  # noqa: S105 - the name of a file
GOOGLE_ENDPOINT = "https://storage.googleapis.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Provider:
    """Which variables of a provider say what."""

    bucket: str
    prefix: str
    key: str
    secret: str
    tool: str
    remote: str
    region: str = ""
    storage_class: str = ""
    account: str = ""


_PROVIDERS = {
    "s3": _Provider(
        bucket="S3_BUCKET", prefix="S3_PREFIX", key="AWS_ACCESS_KEY_ID", secret="AWS_SECRET_ACCESS_KEY",  # noqa: S106
        tool="S3_UPLOAD_TOOL", remote="RCLONE_REMOTE", region="S3_REGION", storage_class="S3_STORAGE_CLASS",
    ),
    "r2": _Provider(
        bucket="R2_BUCKET", prefix="R2_PREFIX", key="R2_ACCESS_KEY_ID", secret="R2_SECRET_ACCESS_KEY",  # noqa: S106
        tool="R2_UPLOAD_TOOL", remote="R2_RCLONE_REMOTE", account="R2_ACCOUNT_ID",
    ),
    "gcs": _Provider(
        bucket="GCS_BUCKET", prefix="GCS_PREFIX", key="", secret="",
        tool="GCS_UPLOAD_TOOL", remote="GCS_RCLONE_REMOTE",
    ),
}  # fmt: skip


def translate_storage(draft: Draft, around: Surroundings) -> None:
    """Write ``[local]`` and, where everything for it is known, ``[s3]``."""
    directory = draft.text("BACKUP_DIR", instead="[local] directory")
    if directory.startswith("/"):
        draft.take("BACKUP_DIR", "local.directory", directory.rstrip("/") or "/", remark="new backups go there, too")
    elif not draft.configuration.problem("BACKUP_DIR"):
        draft.note(Fate.BY_HAND, "BACKUP_DIR", "is no absolute path; [local] directory has its default")
    provider = _provider(draft)
    is_remote = provider is not None and _translate_provider(draft, provider)
    _keep_local(draft, around, is_remote=is_remote)


def _provider(draft: Draft) -> str | None:
    text = draft.text(PROVIDER, instead="a section [s3]")
    if not text and draft.text("S3_BUCKET").startswith(_SCHEME):  # the older tool has no other storage
        return "s3"
    if text in ("", "none"):
        return None
    if text not in _PROVIDERS:
        draft.note(Fate.BY_HAND, PROVIDER, "is none of s3, gcs, r2 and none; write [s3] for the storage that is meant")
        return None
    return text


def _translate_provider(draft: Draft, name: str) -> bool:
    """Return whether the section is complete."""
    provider = _PROVIDERS[name]
    bucket, prefix = _bucket_and_prefix(draft, provider)
    wanted = _wanted(draft, name, bucket, prefix)
    if name == "s3":
        note_unread_endpoint(draft)
    reason = _reason_against(draft, name, provider, bucket)
    if reason:
        keys = ", ".join(f'{key} = "{value}"' for key, value in wanted.items())
        path = draft.secret_path(SECRET_FILE)
        draft.note(
            Fate.BY_HAND, PROVIDER,
            f'{name}: {reason}. Write into [s3]: {keys}, access_key_id = "…", secret_access_key_file = "{path}"',
        )  # fmt: skip
        return False
    draft.take(provider.bucket, "s3.bucket", bucket)
    for key, value in wanted.items():
        variable = _variable_of(provider, key)
        if variable:
            draft.take(variable, f"s3.{key}", value)
        else:
            draft.put(f"s3.{key}", value)
    draft.note(Fate.TAKEN, PROVIDER, f'is {name}: copies of every backup go into [s3] bucket = "{bucket}"')
    _credentials(draft, name, provider)
    if not draft.text(provider.prefix) and not prefix:
        draft.note(
            Fate.CHANGED, provider.prefix,
            "is empty, for which the old upload made keys that begin with a slash; those are looked for as well",
        )  # fmt: skip
    return True


def _variable_of(provider: _Provider, key: str) -> str:
    """Return which variable says a key; empty where none does."""
    found = {"prefix": provider.prefix, "region": provider.region, "storage_class": provider.storage_class}
    return (found | {"endpoint_url": provider.account}).get(key, "")


def _bucket_and_prefix(draft: Draft, provider: _Provider) -> tuple[str, str]:
    bucket = draft.text(provider.bucket, instead="[s3] bucket")
    prefix = draft.text(provider.prefix, instead="[s3] prefix")
    if bucket.startswith(_SCHEME):
        bucket, _, path = bucket.removeprefix(_SCHEME).partition("/")
        prefix = prefix or path
    stripped = prefix.strip("/")
    if draft.text(provider.prefix) != draft.text(provider.prefix).strip("/"):
        place = f"{stripped}/daily/".removeprefix("/")
        draft.note(
            Fate.BY_HAND, provider.prefix,
            f'begins or ends with a slash, for which the old upload made keys such as "{prefix}/daily/…": '
            f'nothing is looked for there. To adopt those archives, move them to "{place}…" and so on first',
        )  # fmt: skip
    return bucket, stripped


def _wanted(draft: Draft, name: str, bucket: str, prefix: str) -> dict[str, str]:
    wanted = {"bucket": bucket or "…", "prefix": prefix}
    match name:
        case "r2":
            account = draft.text("R2_ACCOUNT_ID", instead="[s3] endpoint_url")
            wanted["region"] = "auto"
            wanted["endpoint_url"] = f"https://{account or 'ACCOUNT'}.r2.cloudflarestorage.com"
            if draft.text("R2_STORAGE_CLASS"):
                draft.note(Fate.IGNORED, "R2_STORAGE_CLASS", "never had an effect")
        case "gcs":
            wanted["region"] = "auto"
            wanted["endpoint_url"] = GOOGLE_ENDPOINT
            if storage_class := draft.text("GCS_STORAGE_CLASS"):
                wanted["storage_class"] = storage_class
        case _:
            region = draft.text("S3_REGION", instead="[s3] region") or draft.text("AWS_DEFAULT_REGION")
            if region:
                wanted["region"] = region
            if storage_class := draft.text("S3_STORAGE_CLASS", instead="[s3] storage_class"):
                wanted["storage_class"] = storage_class
            endpoint = followed_endpoint(draft)[1]
            if endpoint:
                wanted["endpoint_url"] = endpoint
    return wanted


def _reason_against(draft: Draft, name: str, provider: _Provider, bucket: str) -> str:
    """Return why the section cannot be written; empty when it can."""
    if draft.text(provider.tool) == "rclone":
        remote = draft.text(provider.remote) or name
        in_env = note_rclone_remote(draft, remote, draft.secret_path(SECRET_FILE))
        place = "the variables RCLONE_CONFIG_…" if in_env else "rclone.conf"
        return f"the upload is by rclone, whose remote {remote} holds the credentials in {place}"
    if name == "gcs":
        draft.text("GOOGLE_APPLICATION_CREDENTIALS")
        return "needs HMAC keys (Cloud Storage, Settings, Interoperability); a service account's JSON cannot be used"
    if not bucket:
        return f"{provider.bucket} is not set, or not certain"
    if name == "r2" and not draft.text("R2_ACCOUNT_ID"):
        return "R2_ACCOUNT_ID is not set, or not certain"
    if name == "s3" and (variable := followed_endpoint(draft)[0]):
        return f"{variable} names another service, which only newer versions of the AWS command line uploaded to"
    uncertain = [variable for variable in (provider.prefix, provider.key) if draft.configuration.problem(variable)]
    return f"{uncertain[0]} is not certain" if uncertain else ""


def _credentials(draft: Draft, name: str, provider: _Provider) -> None:
    key = draft.text(provider.key, instead="[s3] access_key_id")
    secret = draft.text(provider.secret, instead="[s3] secret_access_key_file")
    if key and secret:
        draft.take(provider.key, "s3.access_key_id", key)
        draft.take_secret(provider.secret, "s3.secret_access_key_file", SECRET_FILE)
    elif not key and not draft.configuration.is_set(provider.secret) and name == "s3":
        draft.note(Fate.CHANGED, provider.key, "is empty: the machine's own role or the AWS default chain is used")
    else:
        path = draft.secret_path(SECRET_FILE)
        draft.note(
            Fate.BY_HAND, f"{provider.key}, {provider.secret}",
            f'write both: access_key_id, and secret_access_key_file = "{path}", into [s3]',
        )  # fmt: skip


def _keep_local(draft: Draft, around: Surroundings, *, is_remote: bool) -> None:
    text = draft.text("KEEP_LOCAL_BACKUP", instead="[local] keep")
    if text == "false" and is_remote:
        remark = "the local file goes when the upload is confirmed"
        draft.take("KEEP_LOCAL_BACKUP", "local.keep", value=False, remark=remark)
        if around.never_read("KEEP_LOCAL_BACKUP"):
            draft.note(Fate.REVIVED, "KEEP_LOCAL_BACKUP", "was not read by the installed version")
    elif text == "false":
        draft.note(
            Fate.BY_HAND, "KEEP_LOCAL_BACKUP", "is false, but there is no [s3]: add keep = false to [local] later"
        )
    elif text not in ("", "true"):
        draft.note(Fate.IGNORED, "KEEP_LOCAL_BACKUP", 'meant true: only the exact word "false" was false')
