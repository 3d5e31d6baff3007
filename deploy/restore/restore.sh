#!/bin/sh
# Put the database of one service back: deploy/restore/restore.sh postgresql://postgres@host/tsudoi_billing FILE
# Its web, worker and relay must be stopped; what they did since the back-up is gone until the steps that follow
# (docs/operators/restore.md). All or nothing: one transaction.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 DATABASE-URL FILE" >&2; exit 2; }
others="SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
count=$(psql --no-psqlrc --dbname="$1" --tuples-only --no-align --command="$others")
[ "$count" -eq 0 ] || { echo "$count connections are open: stop web, worker and relay of this service first" >&2; exit 1; }
pg_restore --dbname="$1" --clean --if-exists --single-transaction --exit-on-error "$2"
echo "restored from $2"
