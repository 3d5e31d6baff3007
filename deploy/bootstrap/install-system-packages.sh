#!/usr/bin/env bash
# Install what is missing of the Debian packages that the full stack (and, with "tests", the tests) need. Installing
# starts no server: each stack starts private ones. Where it cannot install, it says what is missing and goes on:
# `tsudoi stack up` will refuse, and the tests that need it are skipped and named at the end of their run.
set -euo pipefail
what=${1:-stack}

wanted=(rabbitmq-server postgresql nginx)
if [ "$what" = tests ]; then
    wanted+=(chromium faketime fonts-noto-cjk poppler-utils)
fi

is_there() {
    case $1 in
        rabbitmq-server) [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] ;;
        postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
        nginx) command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] ;;
        chromium) command -v chromium >/dev/null ;;
        faketime) compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null ;;
        fonts-noto-cjk) compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK-*' >/dev/null ;;
        poppler-utils) command -v pdftoppm >/dev/null ;;
    esac
}

missing=()
for package in "${wanted[@]}"; do
    is_there "$package" || missing+=("${package/%nginx/nginx-light}")
done
[ ${#missing[@]} = 0 ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not installed here: ${missing[*]}. As root on Debian: apt-get install ${missing[*]}" >&2
    exit 0
fi

# Packages ask this program whether they may start their servers; 101 means no. Put back as it was at the end.
policy=/usr/sbin/policy-rc.d
kept=
[ -e "$policy" ] && kept=$(mktemp) && cp -a "$policy" "$kept"
restore() {
    if [ -n "$kept" ]; then mv -f "$kept" "$policy"; else rm -f "$policy"; fi
}
trap restore EXIT
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

log=$(mktemp --suffix=.tsudoi-apt.log)
export DEBIAN_FRONTEND=noninteractive
echo "Installing ${missing[*]}" >&2
if ! { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    echo "Could not install: ${missing[*]} (see $log). What needs them is skipped." >&2
fi
