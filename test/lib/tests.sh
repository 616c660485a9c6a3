# shellcheck shell=bash
# Runs tests in what harness.sh has built and started, and counts: TAP
# assertions, and each regression test as one. Sourced by check and sanitize.
#
# The last line of a script that sources this is "N passed, N failed".

passed=0
failed=0

at_exit() {
    local status=$1
    if [ "$status" -eq 0 ] && [ $((passed + failed)) -eq 0 ]; then
        say "no test ran"
        status=1
    fi
    if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1
    fi
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ] || [ "$status" -ne 0 ] || status=1
    return "$status"
}

# One line for a test: verdict, name, what was counted, seconds.
report() {
    local verdict=$1 name=$2 count=$3 seconds=$4
    printf '%-6s %-34s %5s %8.1f s\n' "$verdict" "$name" "$count" "$seconds"
}

now() {
    echo "${EPOCHREALTIME/./}"
}

seconds_since() {
    local tenths=$((($(now) - $1) / 100000))
    echo "$((tenths / 10)).$((tenths % 10))"
}

# All of the log but what went well.
show_tap_failure() {
    sed -E -e '/^ *ok [0-9]+/d' -e 's/^/    /' "$1"
}

# TAP files that run at once. They wait more than they work, and those that
# measure time say in a line "# Runs alone: why" that they must not share.
LANES=3

# When each of the TAP commands that run began, by process id.
declare -A began=()

# Starts a command that prints TAP.
start_tap() {
    local name=$1
    shift
    in_background TERM timeout --kill-after=10 "${ADDB_TEST_TIMEOUT:-600}" "$@" >"$ADDB_RUN/$name.tap" 2>&1 &
    running[$!]=$name
    began[$!]=$(now)
}

# Waits until one of the TAP commands ends, and adds its assertions to the totals.
finish_tap() {
    local pid name log seconds good bad status=0
    wait -n -p pid "${!running[@]}" || status=$?
    name=${running[$pid]}
    seconds=$(seconds_since "${began[$pid]}")
    unset "running[$pid]" "began[$pid]"
    log=$ADDB_RUN/$name.tap
    good=$(grep -c '^ok' "$log" || true)
    bad=$(grep '^not ok' "$log" | grep -vc '# TODO' || true)
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
    if [ "$bad" -eq 0 ]; then
        report ok "$name" "$good" "$seconds"
    else
        report 'not ok' "$name" "$good" "$seconds"
        show_tap_failure "$log"
        [ "$status" -ne 124 ] || say "$name ran into the time limit"
    fi
    rm -f "$log"
}

run_tap() {
    start_tap "$@"
    finish_tap
}

start_tap_file() {
    start_tap "$(basename "$1" .pl)" prove --verbose --merge --norc -I "$ADDB_ROOT/test/lib" "$1"
}

# All TAP files, as many at once as there are lanes; then those that run alone.
run_tap_files() {
    local file alone=()
    for file in "$ADDB_ROOT"/test/t/*.pl; do
        if grep -q '^# Runs alone:' "$file"; then
            alone+=("$file")
            continue
        fi
        [ "${#running[@]}" -lt "$LANES" ] || finish_tap
        start_tap_file "$file"
    done
    while [ "${#running[@]}" -gt 0 ]; do
        finish_tap
    done
    for file in "${alone[@]}"; do
        start_tap_file "$file"
        finish_tap
    done
}

run_lint() {
    run_tap lint perl "$ADDB_ROOT/test/lint"
}

# Lines of pg_regress look like "test name ... ok 12 ms" up to version 15 and
# like "ok 1 - name 12 ms" from 16 on.
regress_verdicts() {
    sed -nE -e 's/^(test )? *([a-z0-9_]+) +\.\.\. (ok|FAILED).* ([0-9]+) ms$/\3 \2 \4/p' \
        -e 's/^(ok|not ok) +[0-9]+ +[-+] ([a-z0-9_]+) +([0-9]+) ms$/\1 \2 \3/p' "$1" |
        sed 's/^not ok/FAILED/'
}

show_regress_failure() {
    local diffs
    sed 's/^/    /' "$1"
    for diffs in "$ADDB_ROOT"/{,output_iso/}regression.diffs; do
        if [ -s "$diffs" ]; then
            sed 's/^/    /' "$diffs"
        fi
    done
}

# Runs the regression tests named, or all that the Makefile lists.
run_regress() {
    local log=$ADDB_RUN/regress.log status=0 bad=0 verdict name ms
    local make=(make -C "$ADDB_ROOT" "PG_CONFIG=$PG_CONFIG" with_llvm=no TAP_TESTS= installcheck)
    if [ $# -gt 0 ]; then
        make+=("REGRESS=$*" ISOLATION=)
    fi
    run_logged "$log" timeout --kill-after=10 "${ADDB_TEST_TIMEOUT:-600}" "${make[@]}" || status=$?
    while read -r verdict name ms; do
        if [ "$verdict" = ok ]; then
            passed=$((passed + 1))
            report ok "sql/$name" 1 "$((ms / 1000)).$((ms % 1000 / 100))"
        else
            bad=$((bad + 1))
            report 'not ok' "sql/$name" 0 "$((ms / 1000)).$((ms % 1000 / 100))"
        fi
    done < <(regress_verdicts "$log")
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
    fi
    if [ "$bad" -gt 0 ]; then
        failed=$((failed + bad))
        show_regress_failure "$log"
    fi
}

# A backend that dies takes the tests of others with it or goes unseen.
check_for_crashes() {
    if grep -E 'was terminated by signal (4|6|7|8|11)\b|TRAP: ' "$ADDB_SERVER_LOG"; then
        say "the server crashed; the end of its log:"
        tail -n 40 "$ADDB_SERVER_LOG"
        failed=$((failed + 1))
    fi
}

run_all() {
    run_lint
    if compgen -G "$ADDB_ROOT/expected/*.out" >/dev/null; then
        run_regress
    fi
    run_tap_files
}

run_named() {
    local name regress=()
    for name; do
        name=$(test_name "$name")
        if [ "$name" = lint ]; then
            run_lint
        elif [ -e "$ADDB_ROOT/test/t/$name.pl" ]; then
            start_tap_file "$ADDB_ROOT/test/t/$name.pl"
            finish_tap
        else
            regress+=("$name")
        fi
    done
    [ "${#regress[@]}" -eq 0 ] || run_regress "${regress[@]}"
}
