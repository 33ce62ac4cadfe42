-- A band on every chart where a system could not be observed.
SELECT
  started_at AS "time",
  coalesce(ended_at, now()) AS timeend,
  system || ' · ' || CASE cause {causes} ELSE cause END AS text
FROM coverage_gaps
WHERE started_at <= $__timeTo()::timestamptz
  AND (ended_at IS NULL OR ended_at >= $__timeFrom()::timestamptz)
  AND system ~ '^(${system:regex})$'
ORDER BY started_at DESC
LIMIT 500
