-- Intervals in which a system could not be observed, the newest first; one without an end lasts.
SELECT
  started_at AS "time",
  ended_at,
  system,
  cause,
  extract(epoch FROM coalesce(ended_at, now()) - started_at)::float AS seconds
FROM coverage_gaps
WHERE started_at <= $__timeTo()::timestamptz
  AND (ended_at IS NULL OR ended_at >= $__timeFrom()::timestamptz)
  AND system ~ '^(${system:regex})$'
ORDER BY started_at DESC, system
LIMIT 200
