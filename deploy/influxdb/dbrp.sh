#!/bin/sh
# InfluxQL (dashboards, live page) finds the bucket as database "simpang", retention policy "autogen".
set -eu
influx v1 dbrp create --db simpang --rp autogen --default \
  --bucket-id "$DOCKER_INFLUXDB_INIT_BUCKET_ID" \
  --org "$DOCKER_INFLUXDB_INIT_ORG" --token "$DOCKER_INFLUXDB_INIT_ADMIN_TOKEN"
