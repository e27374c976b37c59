# Shared by build-mariadb and build-mysql: root file systems made with debootstrap, imported as Docker images.
# shellcheck shell=bash

export PATH="$PATH:/usr/sbin:/sbin"

readonly RECIPE_LABEL=octeth-backupd-test.recipe
readonly VERSION_LABEL=octeth-backupd-test.version
# uid and gid of the user mysql in the official images
readonly MYSQL_USER_ID=999

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# recipe_hash FILE...: one digest over everything an image is made from
recipe_hash() {
    cat -- "$@" | sha256sum | cut -c1-16
}

# image_is_current IMAGE HASH
image_is_current() {
    [[ $(docker image inspect --format "{{index .Config.Labels \"$RECIPE_LABEL\"}}" "$1" 2>/dev/null) == "$2" ]]
}

# The Debian mirror that apt uses on this machine; nothing when it uses none (debootstrap then takes its default).
debian_mirror() {
    if [[ -n ${DEBIAN_MIRROR:-} ]]; then
        printf '%s\n' "$DEBIAN_MIRROR"
        return
    fi
    apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        awk '$1 == "Debian" && $2 == "main" && $3 !~ /security/ { print $3; exit }'
}

make_root_directory() {
    [[ $EUID -eq 0 ]] || { say "run as root: debootstrap needs chroot and mount"; exit 1; }
    ROOT=$(mktemp -d "${TMPDIR:-/tmp}/octeth-backupd-image.XXXXXXXX")
    trap remove_root_directory EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    chmod 0755 "$ROOT"
}

remove_root_directory() {
    umount -l "$ROOT/proc" "$ROOT/sys" 2>/dev/null || true
    rm -rf --one-file-system -- "$ROOT"
}

# bootstrap SUITE PACKAGE[,PACKAGE...]: fill $ROOT; on failure print the end of the log and return non-zero
bootstrap() {
    local log="$ROOT.log" status=0
    local -a mirror
    mapfile -t mirror < <(debian_mirror)
    debootstrap --variant=minbase --include="$2" "$1" "$ROOT" "${mirror[@]}" >"$log" 2>&1 || status=$?
    if ((status != 0)); then
        tail -n 15 "$log" "$ROOT/debootstrap/debootstrap.log" >&2 2>/dev/null || true
    fi
    rm -f -- "$log"
    return "$status"
}

# Give the user mysql the ids of the official images, whether or not a package has made it.
make_mysql_user() {
    chroot "$ROOT" sh -e <<SHELL
        if getent passwd mysql >/dev/null; then
            groupmod -g $MYSQL_USER_ID mysql
            usermod -u $MYSQL_USER_ID -g $MYSQL_USER_ID mysql
        else
            groupadd -r -g $MYSQL_USER_ID mysql
            useradd -r -u $MYSQL_USER_ID -g mysql -d /var/lib/mysql -s /usr/sbin/nologin mysql
        fi
        rm -rf /var/lib/mysql
        mkdir -p /var/lib/mysql /var/lib/mysql-files /var/log/mysql /run/mysqld
        chown -R mysql:mysql /var/lib/mysql /var/lib/mysql-files /var/log/mysql /run/mysqld
        chmod 0750 /var/lib/mysql-files
        chmod 1777 /run/mysqld
SHELL
}

remove_what_tests_never_read() {
    rm -rf "$ROOT"/var/cache/apt "$ROOT"/var/lib/apt/lists "$ROOT"/usr/share/doc "$ROOT"/usr/share/man \
        "$ROOT"/usr/share/locale "$ROOT"/usr/share/mysql-test "$ROOT"/usr/lib/mysql-testsuite "$ROOT"/debootstrap
    mkdir -p "$ROOT/var/lib/apt/lists" "$ROOT/var/cache/apt/archives"
}

# import_root IMAGE HASH SERVER_PROGRAM
import_root() {
    local version
    version=$(chroot "$ROOT" "$3" --version | sed -n 's/.*Ver \([0-9.]*\).*/\1/p')
    [[ -n $version ]] || { say "cannot read the version of $3"; return 1; }
    tar -C "$ROOT" --one-file-system -c . | docker import \
        -c 'ENTRYPOINT ["docker-entrypoint.sh"]' \
        -c "CMD [\"$3\"]" \
        -c 'EXPOSE 3306' \
        -c 'VOLUME /var/lib/mysql' \
        -c "LABEL $RECIPE_LABEL=$2 $VERSION_LABEL=$version" \
        - "$1" >/dev/null
    say "$1 holds $3 $version"
}
