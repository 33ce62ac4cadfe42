-- Verdicts of the headline reading, by reason.
SELECT
  verdict_reason AS reason,
  count(*) AS calls,
  count(*)::float / sum(count(*)) OVER () AS share
FROM calls
WHERE $__timeFilter(filed_at)
  AND system ~ '^(${system:regex})$'
  AND line ~ '^(${line:regex})$'
GROUP BY 1
ORDER BY 2 DESC, 1
