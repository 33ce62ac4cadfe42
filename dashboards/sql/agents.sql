-- What each phone did with the calls that rang at it, and with those its person took.
WITH rung AS (
  SELECT
    system,
    agent,
    max(member) AS member,
    count(*) AS rung,
    count(*) FILTER (WHERE result = 'answered') AS answered,
    count(*) FILTER (WHERE result IN ('no_answer', 'rejected', 'declined_by_person')) AS unanswered,
    count(*) FILTER (WHERE result IN ('answered', 'no_answer', 'rejected', 'declined_by_person')) AS decided,
    avg(ringing_us) FILTER (WHERE result = 'answered') / 1e6 AS ringing,
    count(*) FILTER (WHERE rings > 3) AS past_three
  FROM ring_attempts
  WHERE $__timeFilter(started_at)
    AND system ~ '^(${system:regex})$'
    AND coalesce(queue, '') ~ '^(${queue:regex})$'
  GROUP BY system, agent
),
taken AS (
  SELECT system, agent, avg(talking_us) / 1e6 AS talking
  FROM calls
  WHERE $__timeFilter(filed_at) AND outcome = 'answered' AND coalesce(queue, '') ~ '^(${queue:regex})$'
  GROUP BY system, agent
),
passed AS (
  SELECT system, by AS agent, count(*) AS transfers
  FROM transfers
  WHERE $__timeFilter(at) AND kind <> 'forward'
  GROUP BY system, by
)
SELECT
  coalesce(rung.member, rung.agent) AS agent,
  rung.rung,
  rung.answered,
  rung.unanswered,
  rung.answered::float / nullif(rung.decided, 0) AS answer_share,
  rung.ringing,
  rung.past_three,
  taken.talking,
  coalesce(passed.transfers, 0) AS transfers
FROM rung
LEFT JOIN taken USING (system, agent)
LEFT JOIN passed USING (system, agent)
ORDER BY rung.rung DESC, 1
LIMIT 500
