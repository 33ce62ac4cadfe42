-- Calls of the period by team, exact, from the ledger; those that no team has last.
SELECT
  coalesce(team, '-') AS team,
  count(*) AS offered,
  count(*) FILTER (WHERE outcome = 'answered')::float / count(*) AS answer_rate,
  avg(waiting_us) FILTER (WHERE outcome = 'answered') / 1e6 AS asa,
  count(*) FILTER (WHERE verdict_within = 'kept')::float
    / nullif(count(*) FILTER (WHERE verdict_within IN ('kept', 'broken')), 0) AS within,
  count(*) FILTER (WHERE verdict_before = 'kept')::float
    / nullif(count(*) FILTER (WHERE verdict_before IN ('kept', 'broken')), 0) AS before,
  count(*) FILTER (WHERE verdict_within = 'broken') AS broken
FROM calls
WHERE $__timeFilter(filed_at)
  AND system ~ '^(${system:regex})$'
  AND line ~ '^(${line:regex})$'
GROUP BY calls.team
ORDER BY calls.team IS NULL, offered DESC
