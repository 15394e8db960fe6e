#!/bin/sh
# Run by the PostgreSQL image when its data is new: the three roles and the database.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  -v owner="$(cat /run/secrets/postgres_owner)" \
  -v app="$(cat /run/secrets/postgres_app)" \
  -v gateway="$(cat /run/secrets/postgres_gateway)" <<'SQL'
CREATE ROLE trellis_owner LOGIN BYPASSRLS PASSWORD :'owner';
CREATE ROLE trellis_app LOGIN NOBYPASSRLS PASSWORD :'app';
CREATE ROLE trellis_gateway LOGIN NOBYPASSRLS PASSWORD :'gateway';
CREATE DATABASE trellis OWNER trellis_owner LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' TEMPLATE template0;
SQL
