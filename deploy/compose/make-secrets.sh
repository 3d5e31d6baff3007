#!/usr/bin/env bash
# Make the passwords (.env), the broker's accounts and the key pair for login tokens that compose.yaml needs.
# Does not overwrite anything; what an older release did not need yet is added.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
services="MEMBERS BILLING PAYMENTS EVENTS NOTIFICATIONS"
touch .env
add() { grep -q "^$1=" .env || echo "$1=$(openssl rand -hex 24)" >>.env; }
for name in POSTGRES_PASSWORD RABBIT_PASSWORD TSUDOI_SECRET TSUDOI_SANDBOX_SECRET; do add "$name"; done
for service in $services; do
    add "${service}_PASSWORD"
    add "${service}_BROKER_PASSWORD"
done
mkdir -p secrets
if [ ! -e secrets/token.pem ]; then
    openssl genpkey -algorithm ed25519 -out secrets/token.pem
    openssl pkey -in secrets/token.pem -pubout -out secrets/token.pub
fi
account() { # as RabbitMQ keeps passwords: salt, SHA-256 of salt and password
    local salt hash
    salt=$(openssl rand -hex 4 | sed 's/../\\x&/g')
    hash=$({ printf "$salt"; { printf "$salt"; printf %s "$2"; } | openssl dgst -sha256 -binary; } | openssl base64 -A)
    printf '{"name": "%s", "password_hash": "%s", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": "%s"}' \
        "$1" "$hash" "$3"
}
if [ ! -e secrets/broker-accounts.json ]; then
    (
        . ./.env
        printf '{"users": [\n'
        for service in $services; do
            password="${service}_BROKER_PASSWORD"
            account "${service,,}" "${!password}" ""
            printf ',\n'
        done
        account tsudoi "$RABBIT_PASSWORD" administrator
        printf '\n]}\n'
    ) >secrets/broker-accounts.json
fi
# read by the containers' own users, whose numbers the host does not know
chmod 755 secrets && chmod 644 secrets/*
