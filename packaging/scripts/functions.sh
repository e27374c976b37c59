# Begins every script of the packages; the build puts it before them.

# Present from the old program's stop to the new one's start.
restart=/run/octeth-backupd.restart
state=/var/lib/octeth-backupd
kept=$state/backups-are-in
config=/etc/octeth-backupd/config.toml
drop_ins=/etc/systemd/system/octeth-backupd.service.d
python=/opt/octeth-backupd/bin/python

# configured SECTION KEY DEFAULT: print what the configuration says; fails when it cannot be read.
configured() {
    "$python" -c '
import sys, tomllib
path, section, key, default = sys.argv[1:]
with open(path, "rb") as file:
    print(tomllib.load(file).get(section, {}).get(key, default))
' "$config" "$@" 2>/dev/null
}

# Print what runs, one line each: operation, server.
running() {
    octeth-backupctl --socket "$socket" --json status 2>/dev/null | "$python" -c '
import json, sys
for server in json.load(sys.stdin)["servers"]:
    if run := server["active_run"]:
        print(run["operation"], "of", server["name"])
' 2>/dev/null || true
}

find_socket() {
    usual=/run/octeth-backupd/control.sock
    socket=$(configured control socket "$usual") || socket=$usual
}

wait_for_runs() {
    find_socket
    said=
    while now=$(running) && [ -n "$now" ]; do
        if [ "$now" != "$said" ]; then
            echo "octeth-backupd: waiting for the end of: $now"
            echo "  (octeth-backupctl runs shows it, octeth-backupctl cancel ends it)"
            said=$now
        fi
        sleep 5
    done
}

# Before another version takes this one's place.
stop_for_upgrade() {
    if systemctl --quiet is-active octeth-backupd.service 2>/dev/null; then
        wait_for_runs
        : >"$restart"
        systemctl stop octeth-backupd.service
    fi
}

start_after_upgrade() {
    [ -e "$restart" ] || return 0
    rm -f "$restart"
    systemctl start octeth-backupd.service ||
        echo "octeth-backupd did not start again; see: journalctl -u octeth-backupd" >&2
}

# The daemon is neither enabled nor started before somebody has configured it.
set_up() {
    systemd-sysusers octeth-backupd.conf
    systemd-tmpfiles --create octeth-backupd.conf
    [ ! -d /run/systemd/system ] || systemctl daemon-reload
}

say_what_comes_next() {
    echo "octeth-backupd is installed and not started. To set it up: octeth-backupd setup"
    echo "Or by hand. Name your server in /etc/octeth-backupd/config.toml, then:"
    echo "  octeth-backupd check-config && systemctl enable --now octeth-backupd"
}

# An installation over one that was removed, or an upgrade of one that was stopped: nothing starts the daemon by itself.
say_when_nothing_starts_it() {
    if [ -d /run/systemd/system ] &&
        ! systemctl --quiet is-active octeth-backupd.service 2>/dev/null &&
        ! systemctl --quiet is-enabled octeth-backupd.service 2>/dev/null; then
        echo "octeth-backupd is installed and NOT started, and no backups are made: systemctl enable --now octeth-backupd"
    fi
}

# A removal waits for nothing: who removes the program wants no more of its runs.
shut_down() {
    if [ -d /run/systemd/system ]; then
        find_socket
        now=$(running)
        [ -z "$now" ] || echo "octeth-backupd: the removal ends this run: $now"
        systemctl --quiet disable --now octeth-backupd.service || true
    fi
}

# The configuration may be gone when it is asked for; what it says of the backups' place is needed then.
remember_backups() {
    [ -d "$state" ] || return 0
    { configured local directory /var/backups/octeth || echo /var/backups/octeth; } 2>/dev/null >"$kept" || true
}

# Print the directories beside or in a server's data that restores have left, as their journals name them.
safety_copies() {
    grep -ohs '"/[^"]*/\.octeth-backupd-[^"/]*' "$state"/restores/* | sort -u | while read -r named; do
        [ ! -d "${named#?}" ] || echo "${named#?}"
    done
}

say_where_backups_are() {
    echo "octeth-backupd: your backups were not deleted. They are in:"
    if [ -s "$kept" ]; then
        sed 's/^/  /' "$kept"
    else
        echo "  /var/backups/octeth"
    fi
    [ ! -d "$state" ] || echo "The catalog of them, and journals of restores, are in $state."
    [ ! -d /etc/octeth-backupd ] || echo "Files that you put into /etc/octeth-backupd, such as passwords, are still there."
    safety_copies | while read -r directory; do
        echo "Data from before a restore, which nobody removes any more: $directory"
    done
    for file in "$drop_ins"/setup-*.conf; do
        [ ! -e "$file" ] || echo "What setup wrote for the unit is still there: $file"
    done
    echo "Delete them yourself when you are sure that you do not need them."
}
