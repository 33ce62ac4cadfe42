-- Calls that rang past the rule they were judged by, the newest first; callers' numbers are not read.
SELECT
  calls.filed_at AS "time",
  calls.line,
  calls.queue,
  phones.names AS phones,
  calls.rings,
  calls.ringing_us / 1e6 AS ringing,
  calls.outcome,
  calls.verdict_within,
  calls.verdict_before,
  calls.system,
  calls.linkedid
FROM calls
JOIN rules ON calls.rule = rules.name || '/' || rules.version
LEFT JOIN LATERAL (
  SELECT string_agg(DISTINCT coalesce(attempt.member, attempt.agent), ', ') AS names
  FROM ring_attempts AS attempt
  WHERE attempt.system = calls.system
    AND attempt.linkedid = calls.linkedid
    AND (calls.answered_at IS NULL OR attempt.started_at <= calls.answered_at)
) AS phones ON true
WHERE $__timeFilter(calls.filed_at)
  AND calls.rings > rules."limit"
  AND calls.system ~ '^(${system:regex})$'
  AND calls.line ~ '^(${line:regex})$'
ORDER BY calls.filed_at DESC, calls.linkedid
LIMIT 200
