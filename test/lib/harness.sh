# shellcheck shell=bash
# What test/check and test/demo share. They run in two stages:
#
#   1. in the checkout, perhaps as root: install what is missing, copy the
#      sources into a private directory, and start over from that copy;
#   2. in the copy, never as root and with a clean environment: build, install
#      into a private image of the server, start servers, work, and on the way
#      out, however that comes about, stop them and remove the directory.
#
# So the checkout stays as it is, the machine's extension directories too, and
# several runs at once do not meet.

ADDB_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ADDB_LIB=$ADDB_SOURCE/test/lib

# shellcheck source=test/lib/setup.sh
. "$ADDB_LIB/setup.sh"
# shellcheck source=test/lib/servers.sh
. "$ADDB_LIB/servers.sh"

say() {
    printf '# %s\n' "$*"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# A test's name may be given as its path, too.
test_name() {
    local name=${1##*/}
    echo "${name%.*}"
}

test_exists() {
    [ "$1" = lint ] || [ -e "$ADDB_SOURCE/test/t/$1.pl" ] || [ -e "$ADDB_SOURCE/sql/$1.sql" ]
}

# Ends the script when one of the names is no test's, or an option that it has not.
require_tests() {
    local name
    for name; do
        [[ $name != -* ]] || die "no option is called $name; --help lists them"
        test_exists "$(test_name "$name")" || die "no test is called $name"
    done
}

# Copies what git tracks or would track; without git, everything.
copy_sources() {
    cd "$ADDB_SOURCE" || return
    if git -c safe.directory='*' ls-files -z -co --exclude-standard >"$1.files" 2>/dev/null; then
        local file
        while IFS= read -r -d '' file; do
            if [ -e "$file" ]; then
                printf '%s\0' "$file"
            fi
        done <"$1.files" | tar -c --null --no-recursion -T - | tar -x -C "$1"
    else
        tar -c --exclude=./test/node_modules --exclude=./.git . | tar -x -C "$1"
    fi
    rm -f "$1.files"
    chmod -R u+w "$1"
}

# Stage 2 inherits only what it needs: no AWS_* or PG* of the machine, and
# nobody asks it for the role that it may have as an instance.
clean_environment() {
    local name
    printf '%s\0' "PATH=$PATH:/usr/local/bin:/usr/bin:/bin" "TERM=${TERM:-dumb}" \
        AWS_EC2_METADATA_DISABLED=true LC_ALL=C.UTF-8 TZ=UTC NODE_NO_WARNINGS=1 "HOME=$1/home" "TMPDIR=$1/tmp" "ADDB_RUN=$1" \
        "ADDB_CHECKOUT=$ADDB_SOURCE" "PG_CONFIG=$2" "ADDB_NODE_MODULES=$3"
    for name in CC COPT JAVA_HOME ADDB_DIFFERENTIAL ADDB_TEST_TIMEOUT ADDB_VECTORS; do
        if [ -n "${!name:-}" ]; then
            printf '%s\0' "$name=${!name}"
        fi
    done
}

# The first call, in the checkout, does not return: it starts the copy's
# script of the same name. There it sets traps and the environment.
enter_private_copy() {
    if [ -z "${ADDB_RUN:-}" ]; then
        stage_one "$@"
    else
        stage_two
    fi
}

# In TMPDIR, unless the test user cannot write there or its path would make a
# socket's name too long (107 bytes on Linux).
private_directory() {
    local parent=${TMPDIR:-/tmp} directory
    if [ "${#parent}" -gt 70 ] || ! as_test_user test -w "$parent"; then
        parent=/tmp
    fi
    directory=$(mktemp -d "$parent/addb.XXXXXX")
    chmod 755 "$directory"
    echo "$directory"
}

# Stage 2 has another directory and perhaps another user.
take_vectors() {
    [ -n "${ADDB_VECTORS:-}" ] || return 0
    [ -d "$ADDB_VECTORS" ] || die "ADDB_VECTORS is no directory: $ADDB_VECTORS"
    cp -RL "$ADDB_VECTORS" "$ADDB_RUN/vectors"
    chmod -R u=rwX,go= "$ADDB_RUN/vectors"
    ADDB_VECTORS=$ADDB_RUN/vectors
}

stage_one() {
    local script=${0##*/} environment pg_config
    trap 'leave $?' EXIT
    trap_signals
    setup_packages
    pg_config=$(find_pg_config)
    ADDB_RUN=$(private_directory)
    setup_npm "$ADDB_RUN"
    mkdir "$ADDB_RUN"/{build,home,tmp}
    take_vectors
    copy_sources "$ADDB_RUN/build"
    if [ "$(id -u)" -eq 0 ]; then
        chown -R "$(test_user)" "$ADDB_RUN"
    fi
    mapfile -d '' -t environment < <(clean_environment "$ADDB_RUN" "$pg_config" "$NODE_MODULES")
    cd "$ADDB_RUN/build" || return
    become_test_user env -i "${environment[@]}" bash "test/$script" "$@"
}

# Like as_test_user, but in place of this shell.
become_test_user() {
    if [ "$(id -u)" -ne 0 ]; then
        exec "$@"
    fi
    local user
    user=$(test_user)
    exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "$@"
}

stage_two() {
    trap 'leave $?' EXIT
    trap_signals
    umask 022
    chmod 700 "$ADDB_RUN"
    export ADDB_ROOT=$ADDB_SOURCE
    export NODE_PATH=$ADDB_NODE_MODULES
    ln -s "$ADDB_NODE_MODULES" "$ADDB_ROOT/test/node_modules"
}

trap_signals() {
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Runs on every way out. A script that defines at_exit is told the status
# last of all and may change it.
leave() {
    local status=$1
    trap '' HUP INT TERM
    trap - EXIT
    set +e
    stop_servers
    if [ -n "${ADDB_RUN:-}" ]; then
        cd / && rm -rf "$ADDB_RUN"
    fi
    if declare -F at_exit >/dev/null; then
        at_exit "$status"
        status=$?
    fi
    exit "$status"
}
