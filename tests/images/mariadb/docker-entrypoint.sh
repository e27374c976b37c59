#!/bin/bash
# Like the official image's entrypoint, shortened: initialise an empty data directory, then become the server.
set -euo pipefail

data_directory=/var/lib/mysql

case "${1:-}" in
    -*) set -- mariadbd "$@" ;;
    mysqld) shift; set -- mariadbd "$@" ;;
esac
if [[ ${1:-} != mariadbd ]]; then
    exec "$@"
fi
shift

for argument in "$@"; do
    case "$argument" in
        --datadir=*) data_directory="${argument#--datadir=}" ;;
        --help | --version | -V | '-?') exec mariadbd "$@" ;;
    esac
done

if [[ $EUID -eq 0 ]]; then
    mkdir -p "$data_directory"
    find "$data_directory" \! -user mysql -exec chown mysql:mysql '{}' +
fi

if [[ ! -d $data_directory/mysql ]]; then
    password="${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:-}}"
    if [[ -z $password ]]; then
        echo >&2 '[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified'
        exit 1
    fi
    echo '[Note] [Entrypoint]: Initializing database files'
    mariadb-install-db --user=mysql --datadir="$data_directory" --auth-root-authentication-method=normal \
        --rpm --skip-test-db --skip-log-bin >/dev/null
    quoted_password=${password//\\/\\\\}
    quoted_password=${quoted_password//\'/\'\'}
    # One statement a line. The server takes no connection before it has run this file.
    init_file=$(mktemp /run/mysqld/init.XXXXXX)
    cat >"$init_file" <<SQL
SET SESSION sql_log_bin = 0;
DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');
FLUSH PRIVILEGES;
ALTER USER root@localhost IDENTIFIED BY '$quoted_password';
CREATE USER root@'%' IDENTIFIED BY '$quoted_password';
GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
SQL
    if [[ -n ${MARIADB_DATABASE:-${MYSQL_DATABASE:-}} ]]; then
        echo "CREATE DATABASE IF NOT EXISTS \`${MARIADB_DATABASE:-$MYSQL_DATABASE}\`;" >>"$init_file"
    fi
    [[ $EUID -ne 0 ]] || chown mysql:mysql "$init_file"
    set -- "$@" --init-file="$init_file"
    echo '[Note] [Entrypoint]: Database files initialized'
fi

exec mariadbd --user=mysql --bind-address=0.0.0.0 "$@"
