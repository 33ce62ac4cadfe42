"""Every metric there is: name, kind, labels and help. docs/metrics.md says the same at length; a test compares them.

**Source:** names by Prometheus' conventions: base units (seconds), `_total` on counters, one unit per name.
"""

from __future__ import annotations

from monitor.metrics_family import Name
from monitor.metrics_names_charter import CALLBACKS, CASES, DUE_READ, TEAM_CALLS, TEAM_VERDICTS

__all__ = ["CALLBACKS", "CASES", "DUE_READ", "NAMES", "TEAM_CALLS", "TEAM_VERDICTS", "Name"]


_LINE = ("system", "line")

CALLS = Name(
    "callcenter_calls_total",
    "counter",
    (*_LINE, "queue", "outcome"),
    "Calls ended, by outcome; queue is that of the answer, else the last one, and empty where none was entered. "
    "Source: the call record.",
)
RING_VERDICTS = Name(
    "callcenter_ring_verdicts_total",
    "counter",
    (*_LINE, "reading", "verdict"),
    "Calls ended, by verdict under each reading of the ring rule; each call counts once per reading. "
    "Source: the call record.",
)
CALL_RINGS = Name(
    "callcenter_call_rings",
    "histogram",
    _LINE,
    "Rings a caller heard before a person answered or the call ended, in rings; calls for which no phone rang are left "
    "out. Source: the call record, from the phones' Newstate Ringing.",
)
RINGING = Name(
    "callcenter_ringing_seconds",
    "histogram",
    _LINE,
    "Ringing a caller heard before a person answered or the call ended, in seconds; each bucket ends one microsecond "
    "before the next ring begins, so that it agrees with callcenter_call_rings. Source: the call record.",
)
WAITING = Name(
    "callcenter_waiting_seconds",
    "histogram",
    (*_LINE, "outcome"),
    "Waiting from asking for a person (queue or phone) to the answer or the end, in seconds; calls that asked for "
    "nobody are left out. Source: the call record.",
)
TALKING = Name(
    "callcenter_talking_seconds",
    "histogram",
    _LINE,
    "Talking of answered calls, hold included, in seconds. Source: the call record, from bridges.",
)
HOLD = Name(
    "callcenter_hold_seconds",
    "histogram",
    _LINE,
    "Hold and parking of a call in sum, in seconds; calls never held are left out. Source: the call record.",
)
RING_WARNINGS = Name(
    "callcenter_ring_warnings_total",
    "counter",
    _LINE,
    "Calls for which the last ring within the promise began, counted at that instant. Source: the ring rule.",
)
RING_BREACHES = Name(
    "callcenter_ring_breaches_total",
    "counter",
    _LINE,
    "Calls that rang past the promise, counted at that instant, while the phone still rings. Source: the ring rule.",
)
RING_ATTEMPTS = Name(
    "callcenter_ring_attempts_total",
    "counter",
    ("system", "queue", "result"),
    "Phones rung or dialled for a caller, by result; queue is empty for a plain dial or a transfer. "
    "Source: Newstate, DialState and DialEnd of the phone's channel.",
)
TRANSFERS = Name(
    "callcenter_transfers_total",
    "counter",
    (*_LINE, "kind", "scope", "result"),
    "Transfers and forwards whose result is known. Source: BlindTransfer, AttendedTransfer, DialEnd with Forward.",
)
TRANSFER_RECONNECT = Name(
    "callcenter_transfer_reconnect_seconds",
    "histogram",
    (*_LINE, "kind"),
    "From a transfer to the answer of the person the caller was passed to, in seconds; transfers nobody answered are "
    "left out. Source: the transfer record.",
)
TRANSFER_CONSENT = Name(
    "callcenter_transfer_consent_total",
    "counter",
    (*_LINE, "consent"),
    "Transfers by people, by what was reported of the caller's consent: yes, no, not_reported. "
    "Source: UserEvent TransferConsent.",
)
CALLS_LEFT_CENTRE = Name(
    "callcenter_calls_left_centre_total",
    "counter",
    _LINE,
    "Answered calls that a person passed on to somebody outside the centre; the others were handled directly. "
    "Source: the call record.",
)
CALLS_PARTLY_OBSERVED = Name(
    "callcenter_calls_partly_observed_total",
    "counter",
    _LINE,
    "Ended calls of which a part could not be observed, those of outcome unobserved among them. "
    "Source: the call record.",
)
CALLS_IN_PROGRESS = Name(
    "callcenter_calls_in_progress",
    "gauge",
    (*_LINE, "stage"),
    "Calls in progress now, by stage. Source: the board.",
)
CALLS_RINGING_PAST_LIMIT = Name(
    "callcenter_calls_ringing_past_limit",
    "gauge",
    _LINE,
    "Unanswered calls whose phone rings now and has rung past the promise. Source: the board.",
)
OLDEST_RINGING = Name(
    "callcenter_oldest_ringing_since_timestamp_seconds",
    "gauge",
    _LINE,
    "Since when the longest-ringing unanswered call has been ringing, in seconds since 1970; no sample while none "
    "rings. Source: the board.",
)
OLDEST_WAITING = Name(
    "callcenter_oldest_waiting_since_timestamp_seconds",
    "gauge",
    _LINE,
    "Since when the longest-waiting unanswered call has waited for a person, ringing included, in seconds since 1970; "
    "no sample while none waits. Source: the board.",
)
QUEUE_CALLERS = Name(
    "callcenter_queue_callers",
    "gauge",
    ("system", "queue"),
    "Callers waiting in the queue now, as the queue counts them. Source: QueueCallerJoin, QueueCallerLeave, "
    "QueueStatus.",
)
AGENTS = Name(
    "callcenter_agents",
    "gauge",
    ("system", "queue", "state"),
    "Members of the queue now, by what they do; a member of two queues counts in both. Source: QueueMemberStatus, "
    "QueueStatus.",
)
AMI_UP = Name(
    "callcenter_ami_up",
    "gauge",
    ("system",),
    "1 while the monitor is logged in to this Asterisk and follows its events, else 0. Source: the listener.",
)
AMI_EVENTS = Name(
    "callcenter_ami_events_total",
    "counter",
    ("system", "event"),
    "Events received, by name; names beyond the bound count as other. Source: the listener.",
)
AMI_RECONNECTS = Name(
    "callcenter_ami_reconnects_total",
    "counter",
    ("system",),
    "Connections made anew after one was lost. Source: the listener.",
)
AMI_LAST_EVENT = Name(
    "callcenter_ami_last_event_timestamp_seconds",
    "gauge",
    ("system",),
    "When the last event arrived, in seconds since 1970; no sample before the first. Source: the listener.",
)
AMI_DISCARDED = Name(
    "callcenter_ami_discarded_packets_total",
    "counter",
    ("system", "reason"),
    "Packets dropped unread, by reason. Source: the listener.",
)
UNEXPECTED = Name(
    "callcenter_unexpected_events_total",
    "counter",
    ("system", "kind"),
    "Events that did not fit what was known, by kind; the calls go on. Source: the call state.",
)
UNOBSERVED = Name(
    "callcenter_unobserved_seconds_total",
    "counter",
    ("system",),
    "Time in which this Asterisk could not be observed, in seconds. Source: the coverage ledger.",
)
CLOCK_OFFSET = Name(
    "callcenter_clock_offset_seconds",
    "gauge",
    ("system",),
    "How far this Asterisk's clock is ahead of the monitor's, in seconds; no sample before it is known. "
    "Source: stamps against receipts.",
)
CLOCK_STEPS = Name(
    "callcenter_clock_steps_total",
    "counter",
    ("system", "clock"),
    "How often the clock of this Asterisk (asterisk), or the monitor's own (monitor), was set. "
    "Source: stamps against receipts.",
)
STORE_UP = Name(
    "callcenter_store_up",
    "gauge",
    (),
    "1 while the ledger can be written, else 0. Source: the ledger's writer.",
)
STORE_WAITING = Name(
    "callcenter_store_waiting_facts",
    "gauge",
    (),
    "Facts that wait to be written to the ledger, in memory and on disk. Source: the ledger's writer.",
)
LEADER = Name(
    "callcenter_leader",
    "gauge",
    (),
    "1 while this monitor writes to the ledger and tells of alerts, 0 while another one does and this one stands by. "
    "Source: the ledger's lock.",
)
ALERTS_SENT = Name(
    "callcenter_alerts_sent_total",
    "counter",
    ("target",),
    "Alerts that were taken by those told at once, refreshed and ended ones among them. Source: the alerts.",
)
ALERTS_FAILED = Name(
    "callcenter_alerts_failed_total",
    "counter",
    ("target",),
    "Alerts that could not be told, counted at every try; an empty round that fails counts as one. Source: the alerts.",
)
ALERTS_WAITING = Name(
    "callcenter_alerts_waiting",
    "gauge",
    ("target",),
    "Alerts that wait to be told or told again. Source: the alerts.",
)
PAGE_STREAMS = Name(
    "callcenter_page_streams",
    "gauge",
    (),
    "Browsers that watch the board now. Source: the page.",
)
PAGE_STREAMS_DROPPED = Name(
    "callcenter_page_streams_dropped_total",
    "counter",
    (),
    "Browsers dropped because they did not read what they were sent. Source: the page.",
)
REPORTS_MADE = Name(
    "callcenter_scheduled_reports_made_total",
    "counter",
    ("kind",),
    "Reports the schedule had made, of a month or a half-year. Source: the schedule.",
)
REPORTS_FAILED = Name(
    "callcenter_scheduled_reports_failed_total",
    "counter",
    ("work",),
    "Tries of the schedule to make a report or to mail one that failed; each is tried again. Source: the schedule.",
)
REPORTS_OVERDUE = Name(
    "callcenter_scheduled_reports_overdue",
    "gauge",
    ("work",),
    "Reports that are due and not made yet, and letters that are not mailed to everybody yet; no sample where nothing "
    "is made by itself. Source: the schedule.",
)
SINK_FAILURES = Name(
    "callcenter_sink_failures_total",
    "counter",
    ("sink",),
    "Facts that one taker of facts (board, metrics, ledger, alerts, screen) failed to take; the others have them. "
    "Source: the program.",
)
CONFIG_SUCCESSFUL = Name(
    "callcenter_config_last_reload_successful",
    "gauge",
    (),
    "1 where the settings were taken over when they were last loaded, at the start or on SIGHUP; 0 where they were "
    "refused and those before hold on. Source: the program.",
)
CONFIG_SUCCEEDED = Name(
    "callcenter_config_last_reload_success_timestamp_seconds",
    "gauge",
    (),
    "When settings were last taken over, in seconds since 1970. Source: the program.",
)
PAGE_INFO = Name(
    "callcenter_page_info",
    "gauge",
    ("url",),
    "Always 1; where people reach the page, so that boards can lead there. No sample where it is not set. "
    "Source: the settings.",
)
RECONCILIATION_CALLS = Name(
    "callcenter_reconciliation_calls",
    "gauge",
    ("system", "result"),
    "Calls of the last comparison with Asterisk's own records, by what came of them; no sample before the first. "
    "Source: the reconciliation.",
)
RECONCILIATION_AT = Name(
    "callcenter_reconciliation_last_success_timestamp_seconds",
    "gauge",
    ("system",),
    "When a period was last compared with Asterisk's own records, in seconds since 1970; no sample before the first. "
    "Source: the reconciliation.",
)
RECONCILIATION_OVERDUE = Name(
    "callcenter_reconciliation_overdue",
    "gauge",
    ("system",),
    "Days that are due to be compared with Asterisk's own records and are not; no sample where none is each night. "
    "Source: the reconciliation.",
)
PURGED = Name(
    "callcenter_purge_last_success_timestamp_seconds",
    "gauge",
    (),
    "When personal data were last purged from the ledger, in seconds since 1970, by whichever monitor; no sample "
    "before the first time. Source: the ledger.",
)
ACCESSES_LOST = Name(
    "callcenter_access_log_lost_total",
    "counter",
    (),
    "Accesses to calls that the ledger did not take in time, so that nobody can say who saw them. Source: the page.",
)
JOURNAL_UP = Name(
    "callcenter_journal_up",
    "gauge",
    ("system",),
    "1 while what a system sends is written down before it is followed, and the disk keeps it; by its configured name. "
    "No sample where no journal is kept. Source: the journal.",
)
JOURNAL_HOLES = Name(
    "callcenter_journal_holes_total",
    "counter",
    ("system",),
    "Intervals that could not be written to the journal; calls were followed all the same. Source: the journal.",
)
JOURNAL_BYTES = Name(
    "callcenter_journal_bytes",
    "gauge",
    (),
    "Room that the journal of all systems takes on its disk, in bytes. Source: the journal.",
)
BUILD_INFO = Name(
    "callcenter_build_info",
    "gauge",
    ("version", "python", "rule"),
    "Always 1; which version runs, on which Python, under which ring rule. Source: the program.",
)

NAMES: tuple[Name, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Name))
"""Every family, in the order in which it is shown."""
