# shellcheck shell=bash
# Runs tests in what harness.sh has built and started, and counts: TAP
# assertions, and each regression test as one. Sourced by check and sanitize.
#
# The last line of a script that sources this is "N passed, N failed".

passed=0
failed=0

at_exit() {
    local status=$1
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

# Runs a command that prints TAP, and adds its assertions to the totals.
run_tap() {
    local name=$1 log=$ADDB_RUN/tap.log start good bad status=0
    shift
    start=$(now)
    run_logged "$log" timeout --kill-after=10 "${ADDB_TEST_TIMEOUT:-600}" "$@" || status=$?
    good=$(grep -c '^ok' "$log" || true)
    bad=$(grep '^not ok' "$log" | grep -vc '# TODO' || true)
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
    if [ "$bad" -eq 0 ]; then
        report ok "$name" "$good" "$(seconds_since "$start")"
    else
        report 'not ok' "$name" "$good" "$(seconds_since "$start")"
        show_tap_failure "$log"
        [ "$status" -ne 124 ] || say "$name ran into the time limit"
    fi
}

run_lint() {
    run_tap lint perl "$ADDB_ROOT/test/lint"
}

run_tap_file() {
    run_tap "$(basename "$1" .pl)" prove --verbose --merge --norc -I "$ADDB_ROOT/test/lib" "$1"
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
    local file
    run_lint
    if compgen -G "$ADDB_ROOT/expected/*.out" >/dev/null; then
        run_regress
    fi
    for file in "$ADDB_ROOT"/test/t/*.pl; do
        [ ! -e "$file" ] || run_tap_file "$file"
    done
}

# A test's name may be given as its path, too.
test_name() {
    local name=${1##*/}
    echo "${name%.*}"
}

test_exists() {
    [ "$1" = lint ] || [ -e "$ADDB_ROOT/test/t/$1.pl" ] || [ -e "$ADDB_ROOT/sql/$1.sql" ]
}

run_named() {
    local name regress=()
    for name; do
        name=$(test_name "$name")
        if [ "$name" = lint ]; then
            run_lint
        elif [ -e "$ADDB_ROOT/test/t/$name.pl" ]; then
            run_tap_file "$ADDB_ROOT/test/t/$name.pl"
        else
            regress+=("$name")
        fi
    done
    [ "${#regress[@]}" -eq 0 ] || run_regress "${regress[@]}"
}
