#!/bin/sh
# Installs Debian's PgBouncer and PostgreSQL unless they are there. Only root can install them: for another user this fails.
set -eu
command -v pgbouncer >/dev/null && ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && exit 0
[ "$(id -u)" = 0 ] || { echo 'install the packages "pgbouncer" and "postgresql"' >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends pgbouncer postgresql >/dev/null
