#!/usr/bin/env bash
# Puts Prometheus, Alertmanager, promtool and amtool of Debian's packages into tools/monitoring, unless they are there or
# installed. The packages are taken apart and not installed: nothing is started. The machine stays as it is, but for the
# templates that Debian's Alertmanager looks for in one place only.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p tools/monitoring && cd tools/monitoring
PATH="$PATH:$PWD/usr/bin"

for pair in promtool:prometheus amtool:prometheus-alertmanager; do
  program="${pair%%:*}" package="${pair##*:}"
  command -v "$program" >/dev/null && continue
  apt-get download -qq "$package" || { apt-get update -qq && apt-get download -qq "$package"; }
  dpkg -x "$package"_*.deb .
  rm -f "$package"_*.deb
done

templates=usr/share/prometheus/alertmanager
if [ -e "$templates/default.tmpl" ] && [ ! -e "/$templates/default.tmpl" ]; then
  mkdir -p "/$templates" && cp "$templates"/*.tmpl "/$templates" || echo 'without its templates Alertmanager does not run' >&2
fi
