#!/usr/bin/env bash
# Checks the contract: lint, no breaking change against the last release (the
# newest v* tag, else main), and committed generated code that is fresh.
# PROTO_BASE names another base to compare with.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

buf lint proto

base=${PROTO_BASE:-$(git describe --tags --match 'v*' --abbrev=0 2>/dev/null || true)}
for ref in "$base" origin/main main; do
	if [ -n "$ref" ] && git cat-file -e "$ref:buf.work.yaml" 2>/dev/null; then
		# The workspace's fetched half is not in git: lay it beside the base.
		git archive "$ref" buf.work.yaml proto | tar -x -C "$work"
		cp -r proto_deps "$work/proto_deps"
		buf breaking proto --against "$work/proto"
		break
	fi
done

# Each generated tree, by whatever language, ends in a folder called gen.
for template in buf.gen.yaml sdk/mobile/*/buf.gen.yaml; do
	[ ! -e "$template" ] || buf generate proto --template "$template" -o "$work/fresh"
done
find "$work/fresh" -type d -name gen -prune -printf '%P\n' >"$work/trees"
[ -s "$work/trees" ] || { echo "proto-check: buf generate made nothing" >&2; exit 1; }
while read -r tree; do
	if ! diff -rq "$work/fresh/$tree" "$tree"; then
		echo "proto-check: $tree is not what proto/ generates: run 'make proto' and commit" >&2
		exit 1
	fi
done <"$work/trees"
echo "proto-check: ok"
