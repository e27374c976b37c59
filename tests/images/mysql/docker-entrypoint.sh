#!/bin/bash
# Like the official image's entrypoint, shortened: initialise an empty data directory, then become the server.
set -euo pipefail

data_directory=/var/lib/mysql

case "${1:-}" in
    -*) set -- mysqld "$@" ;;
esac
if [[ ${1:-} != mysqld ]]; then
    exec "$@"
fi
shift

for argument in "$@"; do
    case "$argument" in
        --datadir=*) data_directory="${argument#--datadir=}" ;;
        --help | --version | -V | '-?') exec mysqld "$@" ;;
    esac
done

if [[ $EUID -eq 0 ]]; then
    mkdir -p "$data_directory"
    find "$data_directory" \! -user mysql -exec chown mysql:mysql '{}' +
fi

if [[ ! -d $data_directory/mysql ]]; then
    if [[ -z ${MYSQL_ROOT_PASSWORD:-} ]]; then
        echo >&2 '[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified'
        exit 1
    fi
    echo '[Note] [Entrypoint]: Initializing database files'
    mysqld "$@" --initialize-insecure --user=mysql
    quoted_password=${MYSQL_ROOT_PASSWORD//\\/\\\\}
    quoted_password=${quoted_password//\'/\'\'}
    # One statement a line. The server takes no connection before it has run this file.
    init_file=$(mktemp /run/mysqld/init.XXXXXX)
    cat >"$init_file" <<SQL
SET SESSION sql_log_bin = 0;
ALTER USER root@localhost IDENTIFIED BY '$quoted_password';
CREATE USER root@'%' IDENTIFIED BY '$quoted_password';
GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
SQL
    if [[ -n ${MYSQL_DATABASE:-} ]]; then
        echo "CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\`;" >>"$init_file"
    fi
    [[ $EUID -ne 0 ]] || chown mysql:mysql "$init_file"
    set -- "$@" --init-file="$init_file"
    echo '[Note] [Entrypoint]: Database files initialized'
fi

exec mysqld --user=mysql --bind-address=0.0.0.0 "$@"
