#!/bin/sh
# Installs Debian's Redis without starting it, unless redis-server is there. Only root can install it: for another user this
# fails.
set -eu
command -v redis-server >/dev/null && exit 0
[ "$(id -u)" = 0 ] || { echo 'redis-server is missing: install the package "redis-server"' >&2; exit 1; }
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends redis-server redis-tools >/dev/null
redis-server --version
