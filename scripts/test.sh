#!/usr/bin/env bash
# Runs all tests, between the servers that internal/testenv started (see `make test`). Each part runs even when an
# earlier one fails. GOTESTFLAGS adds flags for go test, such as -race.
set -uo pipefail
cd "$(dirname "$0")/.."

if [ "${TRIPGEN_TEST_REAL:-}" != 1 ]; then
	echo "test.sh: run me by 'make test', which starts the servers" >&2
	exit 2
fi

status=0
failed=()

# part NAME COMMAND… runs one part of the tests.
part() {
	local name=$1
	shift
	echo "=== $name"
	if ! "$@"; then
		status=1
		failed+=("$name")
	fi
}

in_sdk() { (cd sdk/go && "$@"); }

# The end-to-end tests have the servers to themselves: their topics and databases are those of production.
# shellcheck disable=SC2046,SC2086 # the flags and packages are words
part "Go: services" go test -timeout 20m ${GOTESTFLAGS:-} $(go list ./... | grep -v /test/)
# shellcheck disable=SC2086
part "Go: end to end" go test -timeout 15m ${GOTESTFLAGS:-} ./test/...
# shellcheck disable=SC2086
part "Go: SDK" in_sdk go test -timeout 10m ${GOTESTFLAGS:-} ./...
part "contract" scripts/proto-check.sh
part "TypeScript: client" npm --prefix sdk/mobile/typescript test --silent

if [ $status -ne 0 ]; then
	echo "failed: ${failed[*]}" >&2
else
	echo "all tests passed"
fi
exit $status
