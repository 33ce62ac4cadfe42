-- Compliance day by day, exact, from the ledger; a day is one of the centre's time zone.
SELECT
  date_trunc('day', filed_at AT TIME ZONE ${zone:sqlstring}) AT TIME ZONE ${zone:sqlstring} AS "time",
  count(*) AS offered,
  count(*) FILTER (WHERE outcome = 'answered')::float / count(*) AS answer_rate,
  count(*) FILTER (WHERE verdict_within = 'kept')::float
    / nullif(count(*) FILTER (WHERE verdict_within IN ('kept', 'broken')), 0) AS within,
  count(*) FILTER (WHERE verdict_before = 'kept')::float
    / nullif(count(*) FILTER (WHERE verdict_before IN ('kept', 'broken')), 0) AS before,
  count(*) FILTER (WHERE verdict_within = 'broken') AS broken,
  count(*) FILTER (WHERE verdict_within = 'excluded') AS excluded
FROM calls
WHERE $__timeFilter(filed_at)
  AND system ~ '^(${system:regex})$'
  AND line ~ '^(${line:regex})$'
GROUP BY 1
ORDER BY 1 DESC
