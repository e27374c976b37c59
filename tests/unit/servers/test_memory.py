from pathlib import Path

from octeth_backupd.servers.memory import free_memory

GIB = 1024**3


def _machine(directory: Path, cgroup: str, files: dict[str, str]) -> tuple[Path, Path]:
    proc, cgroups = directory / "proc", directory / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text("MemTotal: 8000 kB\nMemFree: 100 kB\nMemAvailable:    4096 kB\n")
    (proc / "self" / "cgroup").write_text(cgroup)
    for name, text in files.items():
        path = cgroups / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return proc, cgroups


def test_free_memory_is_what_is_available_without_swapping(tmp_path: Path) -> None:
    proc, cgroups = _machine(tmp_path, "0::/\n", {})

    found = free_memory(proc=proc, cgroups=cgroups)

    assert found.free_bytes == 4096 * 1024
    assert found.cgroup_limit_bytes == 0


def test_tightest_limit_above_this_process_counts(tmp_path: Path) -> None:
    files = {
        "system.slice/backup.service/memory.max": "max\n",
        "system.slice/memory.max": f"{4 * GIB}\n",
        "system.slice/memory.current": f"{GIB}\n",
    }
    proc, cgroups = _machine(tmp_path, "0::/system.slice/backup.service\n", files)

    assert free_memory(proc=proc, cgroups=cgroups).cgroup_limit_bytes == 3 * GIB


def test_first_version_of_control_groups_is_understood(tmp_path: Path) -> None:
    files = {
        "memory/app/memory.limit_in_bytes": f"{2 * GIB}\n",
        "memory/app/memory.usage_in_bytes": "0\n",
        "memory/memory.limit_in_bytes": "9223372036854771712\n",
    }
    proc, cgroups = _machine(tmp_path, "4:memory:/app\n1:name=systemd:/app\n", files)

    assert free_memory(proc=proc, cgroups=cgroups).cgroup_limit_bytes == 2 * GIB


def test_exhausted_limit_is_not_taken_for_none(tmp_path: Path) -> None:
    files = {"app/memory.max": "1000", "app/memory.current": "2000"}
    proc, cgroups = _machine(tmp_path, "0::/app\n", files)

    assert free_memory(proc=proc, cgroups=cgroups).cgroup_limit_bytes == 1


def test_unreadable_files_mean_unknown(tmp_path: Path) -> None:
    found = free_memory(proc=tmp_path, cgroups=tmp_path)

    assert (found.free_bytes, found.cgroup_limit_bytes) == (0, 0)
