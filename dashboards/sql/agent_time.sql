-- How long each member of a queue was in each state. A state lasts until the member's next one; one that began more than
-- a day before the period and has lasted since is not looked for.
WITH states AS (
  SELECT
    queue,
    agent,
    member,
    status,
    greatest(at, $__timeFrom()::timestamptz) AS begun_at,
    least(
      coalesce(lead(at) OVER (PARTITION BY system, queue, agent ORDER BY at), now()),
      $__timeTo()::timestamptz
    ) AS ended_at
  FROM agent_states
  WHERE at BETWEEN $__timeFrom()::timestamptz - interval '1 day' AND $__timeTo()::timestamptz
    AND system ~ '^(${system:regex})$'
    AND queue ~ '^(${queue:regex})$'
),
spans AS (
  SELECT queue, agent, member, status, extract(epoch FROM ended_at - begun_at) AS seconds
  FROM states
  WHERE ended_at > begun_at AND status IS NOT NULL
)
SELECT
  queue,
  max(coalesce(nullif(member, ''), agent)) AS agent,
  coalesce(sum(seconds) FILTER (WHERE status = 'free'), 0)::float AS free,
  coalesce(sum(seconds) FILTER (WHERE status = 'ringing'), 0)::float AS ringing,
  coalesce(sum(seconds) FILTER (WHERE status = 'talking'), 0)::float AS talking,
  coalesce(sum(seconds) FILTER (WHERE status = 'wrap_up'), 0)::float AS wrap_up,
  coalesce(sum(seconds) FILTER (WHERE status = 'paused'), 0)::float AS paused,
  coalesce(sum(seconds) FILTER (WHERE status = 'away'), 0)::float AS away
FROM spans
GROUP BY queue, spans.agent
ORDER BY queue, 2
LIMIT 500
