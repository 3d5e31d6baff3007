#!/usr/bin/env bash
# Make .venv and install Tsudoi into it: `make-venv.sh runtime` or `make-venv.sh dev`. Called by make when
# pyproject.toml is newer than the stamp of the last installation.
set -euo pipefail
cd "$(dirname "$0")/../.."
what=${1:?runtime or dev}
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Tsudoi needs Python 3.11 or newer; '$python' is not. Set PYTHON=/path/to/python3.11." >&2
    exit 1
fi
if [ ! -x .venv/bin/python ]; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3-venv
        else
            echo "Python's venv is missing. Debian: apt-get install python3-venv" >&2
            exit 1
        fi
    fi
    "$python" -m venv .venv
fi
case $what in
    runtime) .venv/bin/pip install --disable-pip-version-check --quiet -e . ;;
    dev) .venv/bin/pip install --disable-pip-version-check --quiet -e '.[dev]' && touch .venv/dev.stamp ;;
    *) echo "unknown: $what" >&2; exit 2 ;;
esac
touch .venv/runtime.stamp
