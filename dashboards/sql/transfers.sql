-- Transfers, the newest first. A target of five digits and more may be somebody's own number: its last ones are shown.
SELECT
  transfers.at AS "time",
  calls.line,
  coalesce(person.member, transfers.by) AS passed_by,
  CASE
    WHEN regexp_replace(transfers."to", '[^0-9]', '', 'g') ~ '^[0-9]{8,}$'
      THEN '****-' || right(regexp_replace(transfers."to", '[^0-9]', '', 'g'), 4)
    WHEN regexp_replace(transfers."to", '[^0-9]', '', 'g') ~ '^[0-9]{5,7}$'
      THEN '****' || right(regexp_replace(transfers."to", '[^0-9]', '', 'g'), 2)
    ELSE transfers."to"
  END AS passed_to,
  transfers.kind,
  transfers.scope,
  transfers.result,
  transfers.consent,
  transfers.caller_hold_us / 1e6 AS hold,
  transfers.reconnect_us / 1e6 AS reconnection,
  transfers.reconnect_rings AS rings,
  transfers.system,
  transfers.linkedid
FROM transfers
JOIN calls ON calls.system = transfers.system AND calls.linkedid = transfers.linkedid
LEFT JOIN LATERAL (
  SELECT max(attempt.member) AS member
  FROM ring_attempts AS attempt
  WHERE attempt.system = transfers.system
    AND attempt.linkedid = transfers.linkedid
    AND attempt.agent = transfers.by
) AS person ON true
WHERE $__timeFilter(transfers.at)
  AND transfers.system ~ '^(${system:regex})$'
  AND calls.line ~ '^(${line:regex})$'
ORDER BY transfers.at DESC, transfers.linkedid, transfers.ordinal
LIMIT 200
