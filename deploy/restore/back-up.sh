#!/bin/sh
# Back up the database of one service while it works: deploy/restore/back-up.sh postgresql://postgres@host/tsudoi_billing FILE
# The address is a superuser's: nobody else sees the rows of all societies.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 DATABASE-URL FILE" >&2; exit 2; }
pg_dump --dbname="$1" --format=custom --file="$2.part"
pg_restore --list "$2.part" >/dev/null # readable to its end
mv "$2.part" "$2"
echo "$2: $(wc -c <"$2") bytes"
