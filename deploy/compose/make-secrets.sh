#!/usr/bin/env bash
# Make the passwords (.env) and the key pair for login tokens that compose.yaml needs. Does not overwrite anything.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
if [ ! -e .env ]; then
    for name in POSTGRES_PASSWORD RABBIT_PASSWORD TSUDOI_SECRET TSUDOI_SANDBOX_SECRET \
        MEMBERS_PASSWORD BILLING_PASSWORD PAYMENTS_PASSWORD EVENTS_PASSWORD NOTIFICATIONS_PASSWORD; do
        echo "$name=$(openssl rand -hex 24)"
    done >.env
fi
if [ ! -e secrets/token.pem ]; then
    mkdir -p secrets
    openssl genpkey -algorithm ed25519 -out secrets/token.pem
    openssl pkey -in secrets/token.pem -pubout -out secrets/token.pub
    # read by the containers' own user, whose number the host does not know
    chmod 755 secrets && chmod 644 secrets/token.pem secrets/token.pub
fi
