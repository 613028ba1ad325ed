#!/usr/bin/env bash
# Makes sure that system programs are there: system.sh NEED…, where a need is
# postgres, redis, java, maven, chromium, pip or xmllint. Does nothing when they are; otherwise
# installs Debian's packages (as root or by sudo without a password), or says in
# one line what to install. No service is left running and no database cluster
# is made: TripGen and its tests start servers of their own.
set -euo pipefail

# has NEED succeeds when the need is met.
has() {
	case $1 in
	postgres) command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ;;
	redis) command -v redis-server >/dev/null ;;
	java) command -v java >/dev/null && java_at_least 17 ;;
	maven) command -v mvn >/dev/null ;;
	go) command -v go >/dev/null ;;
	curl) command -v curl >/dev/null ;;
	chromium) command -v chromium >/dev/null ;;
	pip) python3 -m pip --version >/dev/null 2>&1 ;;
	xmllint) command -v xmllint >/dev/null ;;
	*) echo "system.sh: unknown need: $1" >&2; exit 2 ;;
	esac
}

# java_at_least N reads the major version out of the runtime's release file, which is quicker than starting a JVM.
java_at_least() {
	local home version
	home=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
	version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release" 2>/dev/null ||
		java -version 2>&1 | sed -n '1s/.*"\([0-9]*\).*/\1/p')
	[ "${version:-0}" -ge "$1" ]
}

package() {
	case $1 in
	postgres) echo postgresql ;;
	redis) echo redis-server ;;
	curl) echo curl ;;
	chromium) echo chromium fonts-noto-cjk ;;
	java) echo default-jdk-headless ;;
	maven) echo maven ;;
	pip) echo python3-pip ;;
	xmllint) echo libxml2-utils ;;
	esac
}

missing=()
for need in "$@"; do
	if ! has "$need"; then
		[ "$need" != go ] || { echo "missing: install Go 1.26 or later and run again" >&2; exit 1; }
		# shellcheck disable=SC2207 # a need may be more than one package
		missing+=($(package "$need"))
	fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	as_root=(sudo -n)
	sudo -n true 2>/dev/null || as_root=()
fi
if ! command -v apt-get >/dev/null || { [ "$(id -u)" -ne 0 ] && [ ${#as_root[@]} -eq 0 ]; }; then
	echo "missing: install ${missing[*]} (on Debian: sudo apt-get install ${missing[*]}) and run again" >&2
	exit 1
fi

# Two switches of Debian's that must stand before the packages come and not
# stay after: no "main" cluster, no service start.
cluster=/etc/postgresql-common/createcluster.d/tripgen.conf
policy=/usr/sbin/policy-rc.d
undo=()
restore() { [ ${#undo[@]} -eq 0 ] || "${as_root[@]}" rm -f "${undo[@]}"; }
trap restore EXIT
if [ ! -e "$cluster" ]; then
	undo+=("$cluster")
	"${as_root[@]}" mkdir -p "$(dirname "$cluster")"
	echo 'create_main_cluster = false' | "${as_root[@]}" tee "$cluster" >/dev/null
fi
if [ ! -e "$policy" ]; then
	undo+=("$policy")
	printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
	"${as_root[@]}" chmod 755 "$policy"
fi

echo "installing ${missing[*]}"
log=$(mktemp)
if ! {
	"${as_root[@]}" apt-get -o DPkg::Lock::Timeout=120 update -qq &&
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends "${missing[@]}"
} >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "installing ${missing[*]} did not work; the log is $log" >&2
	exit 1
fi
rm -f "$log"
