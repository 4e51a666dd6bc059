#!/usr/bin/env bash
# Installs Debian's Chromium unless the browser tests find one (test/browser/support/chromium.ts). Only root can install it:
# for another user this fails and says what to install.
set -euo pipefail
cd "$(dirname "$0")/../.."
has_chromium() { node -r @swc-node/register -e "require('./test/browser/support/chromium.ts').chromiumPath()"; }
has_chromium 2>/dev/null && exit 0
[ "$(id -u)" = 0 ] || { echo 'Chromium is missing: install the package "chromium", or set CHROMIUM' >&2; exit 1; }
apt-get update -q
apt-get install -y -q --no-install-recommends chromium
has_chromium
