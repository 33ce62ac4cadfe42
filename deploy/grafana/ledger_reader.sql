-- For a ledger that is there already: the role `grafana`, which reads every column but the callers' numbers.
--
--     psql -d callmonitor -f ledger_reader.sql
--     psql -d callmonitor -c '\password grafana'
--
-- Whoever sees a board may send any statement through Grafana's data source, so the database itself must refuse. Run it
-- again after an upgrade that brings columns. The containers' own database needs none of this.
DO $$
DECLARE
  readable record;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'grafana') THEN
    CREATE ROLE grafana LOGIN CONNECTION LIMIT 20;
  END IF;
  ALTER ROLE grafana SET default_transaction_read_only = on;
  ALTER ROLE grafana SET statement_timeout = '30s';
  GRANT USAGE ON SCHEMA public TO grafana;
  FOR readable IN
    SELECT table_name, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) AS columns
    FROM information_schema.columns
    WHERE table_schema = 'public'
      AND table_name IN ('calls', 'ring_attempts', 'transfers', 'holds', 'agent_states', 'coverage_gaps', 'rules')
      AND column_name NOT IN ('caller', 'caller_ends')
    GROUP BY table_name
  LOOP
    EXECUTE format('GRANT SELECT (%s) ON %I TO grafana', readable.columns, readable.table_name);
  END LOOP;
END
$$;
