from octeth_backupd.domain.memory import prepare_memory_bytes

MIB = 1024 * 1024
GIB = 1024 * MIB


def test_three_times_the_redo_is_enough() -> None:
    assert prepare_memory_bytes(free_bytes=64 * GIB, cgroup_limit_bytes=0, redo_bytes=200 * MIB) == 600 * MIB


def test_never_more_than_a_quarter_of_what_is_free() -> None:
    assert prepare_memory_bytes(free_bytes=8 * GIB, cgroup_limit_bytes=0, redo_bytes=100 * GIB) == 2 * GIB


def test_limit_of_the_control_group_counts_when_it_is_less() -> None:
    assert prepare_memory_bytes(free_bytes=8 * GIB, cgroup_limit_bytes=2 * GIB, redo_bytes=100 * GIB) == 512 * MIB


def test_unknown_redo_may_use_the_whole_quarter() -> None:
    assert prepare_memory_bytes(free_bytes=8 * GIB, cgroup_limit_bytes=0, redo_bytes=0) == 2 * GIB


def test_never_less_than_128_mib() -> None:
    assert prepare_memory_bytes(free_bytes=0, cgroup_limit_bytes=0, redo_bytes=0) == 128 * MIB
    assert prepare_memory_bytes(free_bytes=8 * GIB, cgroup_limit_bytes=0, redo_bytes=1) == 128 * MIB


def test_result_is_a_whole_number_of_mib() -> None:
    assert prepare_memory_bytes(free_bytes=4 * GIB + 12345, cgroup_limit_bytes=0, redo_bytes=0) % MIB == 0
