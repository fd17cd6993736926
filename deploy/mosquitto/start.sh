#!/bin/sh
# Writes the password file from the environment, then becomes the broker.
set -eu
passwords=/mosquitto/data/passwords
rm -f "$passwords"
touch "$passwords"
chmod 600 "$passwords"
mosquitto_passwd -b "$passwords" edge "$EDGE_PASSWORD"
mosquitto_passwd -b "$passwords" ingest "$INGEST_PASSWORD"
chown -R mosquitto: /mosquitto/data 2>/dev/null || true
exec mosquitto -c /mosquitto/config/mosquitto.conf
