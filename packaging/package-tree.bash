# Shared by build-deb, build-rpm and build-wheel: the tree that a package unpacks, and the recipe that nfpm packs it by.
# shellcheck shell=bash

directory=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
checkout=$(dirname "$directory")
# Another place for what is made, such as that of a build in a container which cannot write the checkout.
readonly dist=${DIST:-$checkout/dist} tools=${TOOLS:-$checkout/.venv-packaging}
readonly PREFIX=/opt/octeth-backupd

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

make_work_directory() {
    umask 022
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    root=$work/root
    mkdir -p "$root" "$dist"
    # The time of everything in the package: two builds of one commit are the same bytes.
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$checkout" log -1 --format=%ct 2>/dev/null || date +%s)}
    export SOURCE_DATE_EPOCH
}

# load_target FORMAT TARGET: read the target's file
load_target() {
    # shellcheck source=/dev/null
    source "$directory/targets/$2.env" 2>/dev/null ||
        fail "there is no target $2; there are: $(cd "$directory/targets" && grep -l "^FORMAT=$1" *.env | sed 's/\.env$//' | paste -sd ' ')"
    [ "$FORMAT" = "$1" ] || fail "$2 takes packages of another kind: make $FORMAT TARGET=$2"
    [ -x "$PYTHON" ] || fail "$2 needs $PYTHON, which is not here: build on that distribution."
}

# install_tools PYTHON; where pip finds libraries, and whom it trusts, counts for uv, too, which reads none of its files.
install_tools() {
    local index certificates wanted
    wanted=$(sha256sum "$directory/tools.lock" | cut -d ' ' -f 1)
    if [ "$(cat "$tools/.lock-installed" 2>/dev/null)" != "$wanted" ]; then
        "$1" -m venv "$tools" || fail "the venv module is missing. Run: sudo apt-get install python3-venv"
        "$tools/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
            --requirement "$directory/tools.lock"
        echo "$wanted" >"$tools/.lock-installed"
    fi
    index=${PIP_INDEX_URL:-$("$tools/bin/python" -m pip config get global.index-url 2>/dev/null || true)}
    [ -z "$index" ] || export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}
    certificates=${PIP_CERT:-$("$tools/bin/python" -m pip config get global.cert 2>/dev/null || true)}
    [ -z "$certificates" ] || export SSL_CERT_FILE=${SSL_CERT_FILE:-$certificates}
}

uv() {
    env UV_CACHE_DIR="$work/uv-cache" "$tools/bin/uv" --quiet --no-config "$@"
}

# build_wheel PYTHON DIRECTORY; from a copy: setuptools leaves build/ and *.egg-info where it builds.
build_wheel() {
    mkdir -p "$work/source" "$2"
    cp -r "$checkout"/{octeth_backupd,systemd,pyproject.toml,README.md,LICENSE} "$work/source"
    find "$work/source" -name __pycache__ -prune -exec rm -rf {} +
    find "$work/source" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    # No hashes: what tools.lock says of setuptools counts, and it names others besides.
    sed -n 's/^\(setuptools==[^ ]*\).*/\1/p' "$directory/tools.lock" >"$work/build-constraints"
    uv build --wheel --python "$1" --build-constraint "$work/build-constraints" --out-dir "$2" "$work/source"
    rm -f "$2/.gitignore"
}

# The environment as it lies in /opt, without the tools that made it. Its programs find it beside themselves.
build_environment() {
    mkdir -p "$root/opt"
    build_wheel "$PYTHON" "$work/wheel"
    uv venv --relocatable --python "$PYTHON" "$root$PREFIX"
    local -a install=(uv pip install --python "$root$PREFIX/bin/python" --link-mode copy)
    "${install[@]}" --require-hashes --build-constraint "$work/build-constraints" \
        --requirement "$directory/requirements.lock"
    # By name, for a path would be recorded. Nothing but the lock decides which libraries there are.
    "${install[@]}" --no-deps --no-index --find-links "$work/wheel" octeth-backupd
    uv pip check --python "$root$PREFIX/bin/python" || fail "run make lock: requirements.lock does not fit pyproject.toml"
    "$root$PREFIX/bin/python" -B "$directory/check-wheels" "$GLIBC" "$root$PREFIX/lib" || exit 1
    rm -rf "$root$PREFIX"/{.lock,.gitignore,CACHEDIR.TAG,share}
    # uv notes when the wheel was made, and lists the note.
    find "$root$PREFIX/lib" -path '*.dist-info/uv_cache.json' -delete
    sed -i '/[.]dist-info\/uv_cache[.]json,/d' "$root$PREFIX"/lib/python*/site-packages/*.dist-info/RECORD
    find "$root$PREFIX/bin" -type f ! -name 'octeth-backup*' -delete
    # The daemon may not write there, and a file's time must not decide whether its bytecode is used.
    find "$root$PREFIX" -name __pycache__ -prune -exec rm -rf {} +
    "$PYTHON" -m compileall -q --invalidation-mode unchecked-hash -s "$root" "$root$PREFIX/lib"
    chmod -R go=rX "$root$PREFIX"
}

package_version() {
    "$root$PREFIX/bin/python" -B -c 'import octeth_backupd; print(octeth_backupd.__version__)'
}

write_documents() {
    local documents=$root/usr/share/doc/octeth-backupd
    "$root$PREFIX/bin/python" -B -m octeth_backupd.cli.manuals "$root"
    mkdir -p "$documents/examples"
    cp -r "$checkout/docs/how-to" "$checkout/docs/reference" "$checkout/README.md" "$documents"
    cp "$checkout"/systemd/examples/*.conf "$documents/examples"
    cp "$checkout/etc/octeth-backupd/config.toml" "$documents/examples"
    gzip -9 --no-name --stdout "$checkout/CHANGELOG.md" >"$documents/changelog.gz"
    install -D -m 0644 -t "$root/usr/share/octeth-backupd" \
        "$checkout/etc/monitoring/prometheus-alerts.yml" "$checkout/etc/monitoring/grafana-dashboard.json"
    chmod -R u=rwX,go=rX "$documents"
}

write_units() {
    local units=$root/usr/lib/systemd/system
    install -D -m 0644 "$checkout/systemd/octeth-backupd.service" "$units/octeth-backupd.service"
    install -D -m 0644 "$checkout/systemd/octeth-backupd.sysusers.conf" "$root/usr/lib/sysusers.d/octeth-backupd.conf"
    install -D -m 0644 "$checkout/systemd/octeth-backupd.tmpfiles.conf" "$root/usr/lib/tmpfiles.d/octeth-backupd.conf"
    if [ "$RESTART_BACKOFF" = yes ]; then
        install -D -m 0644 "$checkout/systemd/restart-backoff.conf" \
            "$units/octeth-backupd.service.d/50-restart-backoff.conf"
    fi
}

# write_scripts FORMAT INTERPRETER_LINE
write_scripts() {
    local script
    mkdir -p "$work/scripts"
    for script in "$directory/scripts/$1"/*; do
        { printf '%s' "$2"; cat "$directory/scripts/functions.sh" "$script"; } >"$work/scripts/${script##*/}"
        chmod 0755 "$work/scripts/${script##*/}"
    done
}

# Of the directories that a package shares with others it owns none: on some systems they have modes of their own.
list_shared_files() {
    local file
    (cd "$root" && find usr -path usr/share/doc/octeth-backupd -prune -o -type f -print | LC_ALL=C sort) |
        while read -r file; do
            printf '  - src: "%s"\n    dst: "/%s"\n' "$root/$file" "$file"
        done
}

# pack FORMAT RELEASE
pack() {
    local architecture
    case $(uname -m) in
    x86_64) architecture=amd64 ;;
    aarch64) architecture=arm64 ;;
    *) fail "no package was ever built for $(uname -m)" ;;
    esac
    find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    sed -e "s|@ROOT@|$root|g" -e "s|@SCRIPTS@|$work/scripts|g" -e "s|@VERSION@|$(package_version)|g" \
        -e "s|@RELEASE@|$2|g" -e "s|@ARCHITECTURE@|$architecture|g" \
        -e "s|@PYTHON@|${PYTHON##*/python}|g" -e "s|@NEXT_PYTHON@|${NEXT_PYTHON:-}|g" \
        -e "s|@TIME@|$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)|g" \
        "$directory/nfpm.yaml" >"$work/nfpm.yaml"
    list_shared_files >>"$work/nfpm.yaml"
    "$tools/bin/nfpm" package --packager "$1" --config "$work/nfpm.yaml" --target "$dist/" | tail -n 1
}
