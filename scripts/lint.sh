#!/usr/bin/env bash
# Checks the hand-written code. Runs every check even when an earlier one fails, and fails if any did.
set -uo pipefail
cd "$(dirname "$0")/.."

status=0

# check NAME COMMAND… runs a check and tells its result.
check() {
	local name=$1
	shift
	if "$@"; then
		echo "lint: $name: ok"
	else
		echo "lint: $name: FAILED" >&2
		status=1
	fi
}

formatted() {
	local unformatted
	unformatted=$(git ls-files -z --cached --others --exclude-standard '*.go' | grep -zv '/gen/' |
		xargs -0 sh -c 'for f; do [ -e "$f" ] && printf "%s\0" "$f"; done' sh | xargs -0 gofumpt -l) || return 1
	[ -z "$unformatted" ] && return
	echo "$unformatted"
	echo "run: gofumpt -w on these" >&2
	return 1
}

# both COMMAND… runs a check in each of the two modules.
both() {
	"$@" ./... && (cd sdk/go && "$@" ./...)
}

# Generated code has the comments that its generator gives it.
hand_written() {
	# shellcheck disable=SC2046 # package paths are words
	"$@" ./... && (cd sdk/go && "$@" $(go list ./... | grep -v /gen/))
}

# The SDK is looked at from the root, where the law stands.
imports() {
	depguard ./... && depguard github.com/tripgen/tripgen/sdk/go/...
}

check format formatted
check vet both go vet
check staticcheck hand_written staticcheck
check "import law" imports
check sizes go run ./internal/lint/sizes
exit $status
