-- A mark on every chart where a phone rang past the rule.
SELECT
  coalesce(calls.first_ring_at, calls.filed_at) AS "time",
  calls.line || ' · ' || coalesce(calls.member, calls.agent, calls.queue, '') || ' · ' || {rings} || ' ' || calls.rings
    AS text
FROM calls
JOIN rules ON calls.rule = rules.name || '/' || rules.version
WHERE $__timeFilter(calls.filed_at)
  AND calls.rings > rules."limit"
  AND calls.system ~ '^(${system:regex})$'
  AND calls.line ~ '^(${line:regex})$'
ORDER BY calls.filed_at DESC
LIMIT 500
