"""Alert rules and dashboard against Debian's Prometheus, and a real daemon that it scrapes."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from octeth_backupd.telemetry.families.registry import FAMILIES
from tests.environment.daemon import Daemon
from tests.environment.loopback_port import free_port
from tests.environment.prometheus import ROOT, Prometheus, prometheus, promtool
from tests.integration.alert_cases import CASES, COARSE_SECONDS, FINE_SECONDS, AlertCase

RULES = ROOT / "etc" / "monitoring" / "prometheus-alerts.yml"
DASHBOARD = ROOT / "etc" / "monitoring" / "grafana-dashboard.json"
PAGE = ROOT / "docs" / "how-to" / "monitoring.md"
ALERTS = re.findall(r"^ +- alert: (\w+)$", RULES.read_text(), re.MULTILINE)
NAMES = {family.name for family in FAMILIES}


def _named(expression: str) -> set[str]:
    return set(re.findall(r"octeth_backupd?_\w+", expression))


def _dashboard_expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def _rule_test(case: AlertCase) -> dict[str, Any]:
    samples = case.after_seconds // case.interval_seconds
    firing = f'count(ALERTS{{alertname="{case.alert}",alertstate="firing"}})'
    return {
        "name": f"{case.alert}: {case.says}",
        "interval": f"{case.interval_seconds}s",
        "input_series": [
            {"series": series, "values": value if isinstance(value, str) else f"{value}+0x{samples}"}
            for series, value in case.series.items()
        ],
        "promql_expr_test": [
            {
                "expr": firing,
                "eval_time": f"{case.after_seconds}s",
                "exp_samples": [{"labels": "{}", "value": case.firing}] if case.firing else [],
            }
        ],
    }


def test_the_rules_are_good() -> None:
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", RULES)


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    for firing in (0, 1):
        assert {case.alert for case in CASES if case.firing == firing} == set(ALERTS)


NOTHING = {
    "name": "without any metric only their absence is told",
    "interval": f"{COARSE_SECONDS}s",
    "promql_expr_test": [
        {
            "expr": "count by (alertname) (ALERTS)",
            "eval_time": "2d",
            "exp_samples": [{"labels": '{alertname="OctethBackupdAbsent"}', "value": 1}],
        }
    ],
}


@pytest.mark.parametrize("interval_seconds", [FINE_SECONDS, COARSE_SECONDS])
def test_every_alert_fires_when_it_should_and_only_then(tmp_path: Path, interval_seconds: int) -> None:
    cases = [_rule_test(case) for case in CASES if case.interval_seconds == interval_seconds]
    document = {
        "rule_files": [str(RULES)],
        "evaluation_interval": f"{interval_seconds}s",
        "tests": [*cases, *([NOTHING] if interval_seconds == COARSE_SECONDS else [])],
    }
    file = tmp_path / "alerts.json"
    file.write_text(json.dumps(document))  # JSON is YAML

    assert "SUCCESS" in promtool("test", "rules", file)


def test_rules_and_dashboard_name_only_metrics_that_there_are() -> None:
    expressions = [*_dashboard_expressions(), RULES.read_text()]

    assert {name for text in expressions for name in _named(text)} - {"octeth_backupd"} <= NAMES


def test_the_page_lists_every_alert() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE) == ALERTS


def test_a_real_daemon_is_scraped_and_its_trouble_is_alerted(tmp_path: Path) -> None:
    port = free_port()
    daemon = Daemon(
        directory=tmp_path / "daemon",
        servers={"oempro": {"address": "127.0.0.1", "port": free_port(), "user": "root", "password": "canary-4711"}},
        sections={
            "metrics": {"listen": f"127.0.0.1:{port}", "textfile": str(tmp_path / "octeth.prom")},
            "schedules": {"daily": "0 2 * * *"},
        },
    )
    with daemon, prometheus(tmp_path, target=f"127.0.0.1:{port}", rules=RULES) as server:
        assert daemon.backup().exit_code == 1  # there is no server at that port
        [sample] = server.wait_for(lambda: server.query("octeth_backup_last_run_success == 0"))

        assert sample["metric"]["server"] == "oempro"
        assert server.query("octeth_backup_last_success_timestamp_seconds")[0]["value"][1] == "0"
        assert server.query('octeth_backup_runs_total{operation="backup",result="failed"}')[0]["value"][1] == "1"
        _expect_alerts(server)
        _expect_every_expression_to_be_understood(server)
        _expect_the_same_everywhere(daemon, tmp_path / "octeth.prom")
        _expect_a_reload_to_be_seen(daemon, server, tmp_path)
        daemon.stop()
        stopped = daemon.ctl("check", "--nagios")
        assert (stopped.exit_code, stopped.out.count("\n")) == (3, 1)
        assert stopped.out.startswith("OCTETH BACKUP UNKNOWN - ")
        assert (tmp_path / "b.prom").exists()


def _expect_a_reload_to_be_seen(daemon: Daemon, server: Prometheus, directory: Path) -> None:
    """Nothing stands still: the server that is gone, the one that is new and the file's new name are all seen."""
    daemon.servers = {"second": dict(daemon.servers["oempro"])}
    daemon.sections = {
        **daemon.sections,
        "metrics": {**daemon.sections["metrics"], "textfile": str(directory / "b.prom")},
    }
    daemon.write_config()
    daemon.signal(signal.SIGHUP)
    server.wait_for(lambda: server.query('octeth_backup_last_success_timestamp_seconds{server="second"}'))
    server.wait_for(lambda: not server.query('octeth_backup_last_run_success{server="oempro"}'))
    server.wait_for((directory / "b.prom").exists)
    assert not (directory / "octeth.prom").exists()


def _expect_alerts(server: Prometheus) -> None:
    """Rules are evaluated without an error, and those that concern a failed first backup wait for their time."""
    server.wait_for(lambda: all(rule["health"] == "ok" for rule in server.rules()))
    waiting = server.wait_for(
        lambda: (
            {rule["name"] for rule in server.rules() if rule["state"] != "inactive"}
            if server.query('ALERTS{alertname="OctethBackupFailed"}')
            else None
        )
    )
    assert {"OctethBackupFailed", "OctethBackupNone"} <= waiting
    assert waiting <= {"OctethBackupFailed", "OctethBackupNone"} | _OF_THIS_MACHINE
    [failed] = [rule for rule in server.rules() if rule["name"] == "OctethBackupFailed"]
    assert failed["alerts"][0]["annotations"]["summary"] == "The last backup run of oempro left no good backup"


# How full the disk of the machine is that runs the tests is not theirs to say.
_OF_THIS_MACHINE = {"OctethBackupDiskFills", "OctethBackupDiskSmall"}


def _expect_every_expression_to_be_understood(server: Prometheus) -> None:
    for expression in _dashboard_expressions():
        server.query(expression.replace("$instance", ".*").replace("$server", ".*"))
    absent = [family.name for family in FAMILIES if not server.query(family.name)]
    told = {family.name for family in FAMILIES if "absent" in family.text.lower()}
    assert set(absent) <= told


def _expect_the_same_everywhere(daemon: Daemon, textfile: Path) -> None:
    text = textfile.read_text()
    assert textfile.stat().st_mode & 0o777 == 0o644
    assert 'octeth_backup_last_run_success{server="oempro"} 0.0' in text
    assert set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE)) == NAMES
    assert "canary-4711" not in text
    check = daemon.ctl("check", "--nagios")
    assert (check.exit_code, check.out.count("\n")) == (2, 1)
    assert check.out.startswith("OCTETH BACKUP CRITICAL - oempro: no verified backup; the last backup run failed")
    assert daemon.ctl("last-good").exit_code == 1
