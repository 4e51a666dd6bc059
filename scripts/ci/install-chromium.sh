#!/usr/bin/env bash
# Installs Debian's Chromium unless a Chromium is there. As root only: elsewhere it says what to install.
set -euo pipefail
command -v chromium >/dev/null && exit 0
[ "$(id -u)" = 0 ] || { echo 'Chromium is missing: install the package "chromium"' >&2; exit 1; }
apt-get update -q
apt-get install -y -q --no-install-recommends chromium
