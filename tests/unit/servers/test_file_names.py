import pytest

from octeth_backupd.servers.file_names import file_name_of


@pytest.mark.parametrize(
    ("identifier", "file_name"),
    [
        ("users", "users"),
        ("Users_2", "Users_2"),
        ("o-p.é", "o@002dp@002e@0p"),
        ("t-1 $ü", "t@002d1@0020@0024@1o"),
        ("m-1 $ü_9A@漢", "m@002d1@0020@0024@1o_9A@0040@6f22"),
        ("ßtraße", "@1jtra@1je"),
        ("Ωmega", "@7Pmega"),
        ("Ⓐx", "@@Ax"),
        ("con", "con@@@"),
        ("LPT1", "LPT1@@@"),
        ("com10", "com10"),
        ("\u00d7", "@00d7"),
        ("#mysql50#lost+found", "lost+found"),
    ],
)
def test_names_are_spelt_as_the_servers_spell_them(identifier: str, file_name: str) -> None:
    """Each was created as a table, in MariaDB 10.11 and MySQL 9.7, and looked up in the data directory."""
    assert file_name_of(identifier) == file_name


def test_different_names_never_share_a_file() -> None:
    names = {file_name_of(chr(point)) for point in range(1, 0x10000) if not 0xD800 <= point < 0xE000}

    assert len(names) == 0x10000 - 1 - 0x800
