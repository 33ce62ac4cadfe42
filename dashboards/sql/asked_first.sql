-- Whether callers were asked before they were passed on: by consent where the dialplan reports it, and announced.
SELECT
  count(*) FILTER (WHERE transfers.consent)::float / nullif(count(transfers.consent), 0) AS asked_first,
  count(*) FILTER (WHERE transfers.announced)::float / nullif(count(*), 0) AS announced
FROM transfers
JOIN calls ON calls.system = transfers.system AND calls.linkedid = transfers.linkedid
WHERE $__timeFilter(transfers.at)
  AND transfers.kind <> 'forward'
  AND transfers.system ~ '^(${system:regex})$'
  AND calls.line ~ '^(${line:regex})$'
