#!/usr/bin/env bash
# Puts Prometheus, Alertmanager, promtool and amtool from Debian's packages into tools/monitoring, unless they are there or
# installed. It unpacks the packages without installing them, so nothing is started. It changes the machine in one point:
# Debian's Alertmanager looks for its templates in a fixed place.
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
  mkdir -p "/$templates" && cp "$templates"/*.tmpl "/$templates" || echo 'Alertmanager does not run without its templates' >&2
fi
