-- What each half-hour brought, the newest first.
SELECT
  to_timestamp(floor(extract(epoch FROM filed_at) / 1800) * 1800) AS "time",
  count(*) AS offered,
  count(*) FILTER (WHERE outcome = 'answered') AS answered,
  count(*) FILTER (WHERE outcome LIKE 'abandoned%') AS abandoned,
  count(*) FILTER (WHERE outcome = 'answered')::float / count(*) AS answer_rate,
  avg(waiting_us) FILTER (WHERE outcome = 'answered') / 1e6 AS asa,
  max(waiting_us) / 1e6 AS longest_wait,
  avg(talking_us) FILTER (WHERE outcome = 'answered') / 1e6 AS talking,
  count(*) FILTER (WHERE verdict_within = 'kept')::float
    / nullif(count(*) FILTER (WHERE verdict_within IN ('kept', 'broken')), 0) AS within
FROM calls
WHERE $__timeFilter(filed_at)
  AND system ~ '^(${system:regex})$'
  AND line ~ '^(${line:regex})$'
  AND coalesce(queue, '') ~ '^(${queue:regex})$'
GROUP BY 1
ORDER BY 1 DESC
LIMIT 400
