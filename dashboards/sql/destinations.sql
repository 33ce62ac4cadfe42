-- Where callers were passed on to, the most frequent first. Of long numbers the last digits are shown.
SELECT
  CASE
    WHEN regexp_replace(transfers."to", '[^0-9]', '', 'g') ~ '^[0-9]{8,}$'
      THEN '****-' || right(regexp_replace(transfers."to", '[^0-9]', '', 'g'), 4)
    WHEN regexp_replace(transfers."to", '[^0-9]', '', 'g') ~ '^[0-9]{5,7}$'
      THEN '****' || right(regexp_replace(transfers."to", '[^0-9]', '', 'g'), 2)
    ELSE transfers."to"
  END AS passed_to,
  transfers.scope,
  count(*) AS transfers,
  count(*) FILTER (WHERE transfers.result = 'completed')::float / count(*) AS completed,
  avg(transfers.reconnect_us) / 1e6 AS reconnection
FROM transfers
JOIN calls ON calls.system = transfers.system AND calls.linkedid = transfers.linkedid
WHERE $__timeFilter(transfers.at)
  AND transfers.system ~ '^(${system:regex})$'
  AND calls.line ~ '^(${line:regex})$'
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2
LIMIT 50
