"""The installation as a whole: hello, status, checks, settings."""

from __future__ import annotations

from fastapi import APIRouter

from octeth_backupd import __version__
from octeth_backupd.control.calls import CallsHere
from octeth_backupd.control.identifiers import ServerFilter
from octeth_backupd.control.schemas import CheckView, ConfigDocument, DoctorDocument, HelloDocument, StatusDocument
from octeth_backupd.domain.checks import CheckStatus

router = APIRouter()


@router.get("/v1/")
async def hello() -> HelloDocument:
    """Say what is at this socket and which major version of the interface it speaks."""
    return HelloDocument(version=__version__)


@router.get("/v1/status")
async def status(calls: CallsHere) -> StatusDocument:
    """Say how the installation and each server's backups stand."""
    return StatusDocument.model_validate(await calls.quick(calls.services.status))


@router.get("/v1/doctor")
async def doctor(calls: CallsHere, server: ServerFilter = None) -> DoctorDocument:
    """Run all checks, of one server or of all; may take a minute."""
    checks = await calls.slow(lambda: calls.services.doctor(server=server))
    passed = all(check.status in {CheckStatus.PASSED, CheckStatus.WARNING} for check in checks)
    return DoctorDocument(passed=passed, checks=[CheckView.model_validate(check) for check in checks])


@router.get("/v1/config")
async def config(calls: CallsHere) -> ConfigDocument:
    """Show the settings in force, secrets masked."""
    return ConfigDocument(settings=dict(await calls.quick(calls.services.settings_view)))
