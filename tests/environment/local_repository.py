"""apt repositories beneath /repo of a host, in place of the distribution's and of Percona's: a few small packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.environment.systemd_host import SystemdHost

PERCONA_RELEASE: Final = "/repo/percona-release_1_all.deb"
_SCRIPT: Final = r"""
# package DIRECTORY NAME VERSION: what lies in /work/NAME becomes a package there.
package() {
    mkdir -p "/work/$2/DEBIAN" "$1"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: nobody <root@localhost>\nDescription: %s\n' \
        "$2" "$3" "of the tests" >"/work/$2/DEBIAN/control"
    dpkg-deb --build "/work/$2" "$1/$2_1_all.deb" >/dev/null
}
index() {
    for file in "$1"/*.deb; do
        dpkg-deb --field "$file"
        printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$(basename "$file")" "$(stat -c %s "$file")" \
            "$(sha256sum "$file" | cut -d ' ' -f 1)"
    done >"$1/Packages"
}
program() {
    mkdir -p "$(dirname "$1")"
    cat >"$1"
    chmod 0755 "$1"
}

# The distribution: the real mariadb-backup in a package of ours, and what Percona's set-up asks for.
mkdir -p /work/mariadb-backup/usr/bin
cp /usr/bin/mariadb-backup /usr/bin/mbstream /work/mariadb-backup/usr/bin
dpkg --remove --force-depends mariadb-backup >/dev/null
rm -f /usr/bin/mariadb-backup /usr/bin/mbstream
package /repo/debian mariadb-backup 1:10.11.99-1
# Newer than what the packages that are installed would break.
package /repo/debian gnupg2 99
package /repo/debian lsb-release 99
index /repo/debian
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/repo/debian ./' >/etc/apt/sources.list

# Percona's: a repository that is used once percona-release has enabled it.
program /work/percona-xtrabackup-80/usr/bin/xtrabackup <<'SHELL'
#!/bin/sh
echo 'xtrabackup version 8.0.35-31 based on MySQL server 8.0.35 Linux (x86_64) (revision id: 0)' >&2
SHELL
package /repo/percona percona-xtrabackup-80 8.0.35-31
index /repo/percona
program /work/percona-release/usr/bin/percona-release <<'SHELL'
#!/bin/sh
[ "$*" = "enable pxb-80 release" ] || exit 2
echo 'deb [trusted=yes] file:/repo/percona ./' >/etc/apt/sources.list.d/percona-pxb-80-release.list
SHELL
package /repo percona-release 1
"""


def set_up_repositories(host: SystemdHost) -> None:
    """Take the host's mariadb-backup away, and leave it nothing to install from but these repositories."""
    host.run(["sh", "-ec", _SCRIPT])
