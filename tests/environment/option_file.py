"""Option files with a login, for programs that the tests start themselves."""

from pathlib import Path

from tests.environment.sql_server import Login


def write_option_file(path: Path, login: Login) -> Path:
    """Write a [client] section for ``--defaults-extra-file``; mode 0600.

    Source:
        MySQL manual, "Using Option Files": quotes around a value, and backslash escapes within.
    """
    password = login.password.replace("\\", "\\\\").replace('"', '\\"')
    lines = ["[client]", f"user={login.user}", f'password="{password}"']
    if login.socket is not None:
        lines.append(f"socket={login.socket}")
    else:
        lines += [f"host={login.address}", f"port={login.port}", "protocol=tcp"]
    path.touch(mode=0o600)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path
