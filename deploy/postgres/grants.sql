-- Gives the role of the server what it needs, and nothing else. Run it as the owner of the database, before the first migration, and
-- again whenever you like:
--   psql --set ON_ERROR_STOP=1 --set app=app --file grants.sql postgres://owner@…/xfchat
select format('revoke all on database %I from public', current_database()) as statement \gexec
select format('grant connect on database %I to %I', current_database(), :'app') as statement \gexec
grant usage on schema public to :"app";
-- What migrations make later.
alter default privileges in schema public grant select, insert, update, delete on tables to :"app";
alter default privileges in schema public grant usage, select, update on sequences to :"app";
alter default privileges in schema public grant execute on functions to :"app";
-- What is there.
grant select, insert, update, delete on all tables in schema public to :"app";
grant usage, select, update on all sequences in schema public to :"app";
grant execute on all functions in schema public to :"app";
