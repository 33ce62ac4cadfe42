-- What PostgreSQL's first start makes: the ledger's database, the role that owns it, and one that only reads it.
-- The image runs this by psql as the superuser `postgres`, once, when its volume is empty.
\set ON_ERROR_STOP on
\set ledger_password `cat /run/secrets/ledger_password`
\set reader_password `cat /run/secrets/reader_password`

CREATE ROLE callmonitor LOGIN PASSWORD :'ledger_password';
CREATE ROLE grafana LOGIN CONNECTION LIMIT 20 PASSWORD :'reader_password';
ALTER ROLE grafana SET default_transaction_read_only = on;
-- A board opened over years must not keep the monitor from writing.
ALTER ROLE grafana SET statement_timeout = '30s';

CREATE DATABASE callmonitor OWNER callmonitor TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE callmonitor FROM PUBLIC;
GRANT CONNECT ON DATABASE callmonitor TO grafana;

\connect callmonitor
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO grafana;

-- The monitor makes the tables later, at its own start, and changes them with each release; PostgreSQL's default
-- privileges know tables but no columns. Everybody who sees a board may ask the data source whatever they like, so the
-- reader gets every column but the callers' numbers.
CREATE FUNCTION let_grafana_read() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
    made record;
BEGIN
    FOR made IN
        SELECT command.objid::regclass AS name, string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns
        FROM pg_event_trigger_ddl_commands() AS command
        JOIN pg_attribute ON attrelid = command.objid AND attnum > 0 AND NOT attisdropped
        WHERE command.object_type = 'table' AND command.schema_name = 'public'
            AND attname NOT IN ('caller', 'caller_ends')
        GROUP BY command.objid
    LOOP
        EXECUTE format('GRANT SELECT (%s) ON %s TO grafana', made.columns, made.name);
    END LOOP;
END
$$;

CREATE EVENT TRIGGER let_grafana_read ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
    EXECUTE FUNCTION let_grafana_read();
