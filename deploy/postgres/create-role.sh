#!/bin/sh
# Runs once, when the volume of PostgreSQL is empty: a role for the server that owns its database and its tables and is
# no superuser.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --set password="$XFCHAT_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role xfchat login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'password';
create database xfchat owner xfchat;
revoke all on database xfchat from public;
SQL
