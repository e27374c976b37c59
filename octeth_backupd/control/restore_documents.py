"""Plans and journals of restores as documents of the control interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.control.restore_schemas import ArchiveView, PlanView, RestorePlanDocument, RestoreView
from octeth_backupd.domain.restore.advice import advice

if TYPE_CHECKING:
    from typing import Any

    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.domain.restore.plan import ArchiveSource, RestorePlan
    from octeth_backupd.domain.restore.site import Site


def plan_document(plan: RestorePlan) -> RestorePlanDocument:
    """Return a plan as a document."""
    fields = {name: getattr(plan, name) for name in PlanView.model_fields}
    fields["archive"] = None if plan.archive is None else _archive(plan.archive)
    fields["facts"] = list(dict.fromkeys([*plan.facts, *(() if plan.site is None else plan.site.facts)]))
    fields["site"] = None if plan.site is None else _site(plan.site)
    return RestorePlanDocument(possible=not plan.refusals, plan=PlanView.model_validate(fields))


def restore_view(journal: Journal) -> RestoreView:
    """Return a restore as a document, with what an operator should do if the daemon never came back."""
    rooms = [swap.room for swap in journal.swaps] if journal.holds_safety_copy else []
    shown = {name: getattr(journal, name) for name in RestoreView.model_fields if hasattr(journal, name)}
    return RestoreView.model_validate(
        shown
        | {
            "id": journal.restore_id,
            "state_since": journal.history[-1][1] if journal.history else journal.created_at,
            "safety_copy": rooms,
            "safety_copy_bytes": journal.aside_bytes if journal.holds_safety_copy else None,
            "advice": advice(journal),
        }
    )


def _archive(archive: ArchiveSource) -> dict[str, Any]:
    known = {name: getattr(archive, name) for name in ArchiveView.model_fields if name != "has_manifest"}
    return known | {"path": archive.place, "has_manifest": archive.manifest is not None}


def _site(site: Site) -> dict[str, Any]:
    known = ("server", "placement", "systemd_unit", "vendor", "data_directory", "log_bin", "is_running", "is_answering")
    return {name: getattr(site, name) for name in known} | {
        "container": "" if site.container is None else site.container.name,
        "image": "" if site.container is None else site.container.image,
        "version": str(site.version),
        "host_paths": dict(site.host_paths),
        "data_state": site.data_state,
        "user_schemas": list(site.user_schemas),
    }
