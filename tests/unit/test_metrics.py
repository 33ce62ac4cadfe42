"""What the facts count, and what the gauges show at the scrape."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.calls.facts import (
    CallAnswered,
    CallKey,
    CallStarted,
    Observed,
    Outcome,
    Scope,
    Stage,
    StageChanged,
    TransferEnded,
    TransferKind,
    TransferResult,
)
from monitor.calls.rules import RingRule
from monitor.metrics import RING_BOUNDS, ringing_bounds

from .measured import CALL, KEY, NOON, TRANSFER, Centre, busy_centre


def test_a_call_counts_once_in_each_family() -> None:
    centre = Centre()

    centre.record(CALL)

    assert centre.here("callcenter_calls_total", queue="help", outcome="answered") == 1
    assert centre.here("callcenter_ring_verdicts_total", reading="within", verdict="kept") == 1
    assert centre.here("callcenter_ring_verdicts_total", reading="before", verdict="broken") == 1
    assert centre.here("callcenter_ring_verdicts_total", reading="before", verdict="kept") == 0
    assert centre.here("callcenter_call_rings_sum") == 3
    assert centre.here("callcenter_ringing_seconds_sum") == 8.999999
    assert centre.here("callcenter_waiting_seconds_sum", outcome="answered") == 12
    assert centre.here("callcenter_talking_seconds_sum") == 61
    assert centre.here("callcenter_hold_seconds_sum") == 7


def test_what_did_not_happen_is_left_out_of_the_histograms() -> None:
    centre = Centre()

    centre.record(
        replace(
            CALL,
            outcome=Outcome.ABANDONED_ANNOUNCEMENT,
            rings=0,
            ringing_us=0,
            waiting_us=None,
            talking_us=0,
            hold_us=0,
            holds=(),
            queue=None,
        )
    )

    assert centre.here("callcenter_calls_total", queue="", outcome="abandoned_announcement") == 1
    for name in ("call_rings", "ringing_seconds", "talking_seconds", "hold_seconds"):
        assert centre.here(f"callcenter_{name}_count") == 0
    assert centre.here("callcenter_waiting_seconds_count", outcome="abandoned_announcement") == 0


def test_calls_partly_observed_are_counted_beside_their_outcome() -> None:
    centre = Centre()

    centre.record(CALL)
    assert centre.here("callcenter_calls_partly_observed_total") == 0
    centre.record(replace(CALL, observed=Observed.PARTLY))
    centre.record(replace(CALL, observed=Observed.PARTLY, outcome=Outcome.UNOBSERVED))

    assert centre.here("callcenter_calls_partly_observed_total") == 2
    assert centre.here("callcenter_calls_total", queue="help", outcome="answered") == 2
    assert centre.here("callcenter_calls_total", queue="help", outcome="unobserved") == 1


def test_buckets_of_ringing_part_calls_where_rings_do() -> None:
    """On both sides of every boundary of Korea's 3 s: n periods less 1 µs is ring n, n periods is ring n + 1."""
    centre = Centre()
    rule = RingRule()
    durations = [bound * 3_000_000 + step for bound in RING_BOUNDS for step in (-1, 0)]
    for ringing_us in durations:
        centre.record(replace(CALL, ringing_us=ringing_us, rings=rule.rings(ringing_us)))

    for bound, seconds in zip(RING_BOUNDS, ringing_bounds(3_000_000), strict=True):
        in_rings = centre.here("callcenter_call_rings_bucket", le=str(float(bound)))
        in_seconds = centre.here("callcenter_ringing_seconds_bucket", le=str(seconds))
        # At most `bound` rings: all durations below bound periods, counted in whole microseconds.
        assert in_rings == in_seconds == sum(ringing_us < bound * 3_000_000 for ringing_us in durations)
    assert centre.here("callcenter_ringing_seconds_count") == len(durations)


def test_nine_seconds_exactly_is_ring_four() -> None:
    centre = Centre()

    centre.record(replace(CALL, ringing_us=9_000_000, rings=4))

    assert centre.here("callcenter_ringing_seconds_bucket", le="8.999999") == 0
    assert centre.here("callcenter_ringing_seconds_bucket", le="11.999999") == 1


def test_warnings_breaches_attempts_and_transfers_count_at_their_own_instant() -> None:
    centre = busy_centre()

    assert centre.here("callcenter_ring_warnings_total") == 1
    assert centre.here("callcenter_ring_breaches_total") == 1
    assert centre.value("callcenter_ring_attempts_total", system="pbx", queue="help", result="no_answer") == 1
    assert centre.value("callcenter_ring_attempts_total", system="pbx", queue="help", result="answered") == 0
    assert centre.here("callcenter_transfers_total", kind="attended", scope="outside", result="completed") == 1
    assert centre.here("callcenter_transfer_reconnect_seconds_sum", kind="attended") == 4


def test_a_transfer_nobody_answered_has_no_reconnection() -> None:
    centre = Centre()
    unanswered = replace(TRANSFER, result=TransferResult.NO_ANSWER, reconnected_at=None, reconnect_us=None)

    centre.record(TransferEnded(key=KEY, line="main", transfer=unanswered))

    assert centre.here("callcenter_transfers_total", kind="attended", scope="outside", result="no_answer") == 1
    assert centre.here("callcenter_transfer_reconnect_seconds_count", kind="attended") == 0


def test_consent_is_counted_of_transfers_by_people() -> None:
    """Two agreed, one did not, three were not reported; a phone's own forward asks nobody, and counts nowhere."""
    centre = Centre()
    for consent in (True, True, False, None, None, None):
        centre.record(TransferEnded(key=KEY, line="main", transfer=replace(TRANSFER, consent=consent)))
    forward = replace(TRANSFER, kind=TransferKind.FORWARD, consent=None)
    centre.record(TransferEnded(key=KEY, line="main", transfer=forward))

    words = ("yes", "no", "not_reported")
    counted = {word: centre.here("callcenter_transfer_consent_total", consent=word) for word in words}
    assert counted == {"yes": 2, "no": 1, "not_reported": 3}


def test_gauges_show_the_board_at_the_scrape() -> None:
    centre = busy_centre()

    assert centre.here("callcenter_calls_in_progress", stage="ringing") == 1
    assert centre.here("callcenter_calls_in_progress", stage="talking") == 0
    assert centre.here("callcenter_calls_ringing_past_limit") == 1
    assert centre.here("callcenter_oldest_ringing_since_timestamp_seconds") == NOON.timestamp()
    assert centre.value("callcenter_queue_callers", system="pbx", queue="help") == 3
    assert centre.value("callcenter_agents", system="pbx", queue="help", state="free") == 1
    assert centre.value("callcenter_agents", system="pbx", queue="help", state="paused") == 0

    centre.record(replace(CALL, key=CallKey(system="pbx", linkedid="1777000000.42")))

    assert centre.here("callcenter_calls_in_progress", stage="ringing") == 0
    assert centre.here("callcenter_calls_ringing_past_limit") == 0
    assert centre.here("callcenter_oldest_ringing_since_timestamp_seconds") is None
    assert centre.here("callcenter_oldest_waiting_since_timestamp_seconds") is None


def test_waiting_is_counted_from_when_a_person_was_asked_for_until_one_answers() -> None:
    centre = Centre()
    later, latest = NOON + timedelta(seconds=4), NOON + timedelta(seconds=9)
    centre.record(CallStarted(key=KEY, line="main", dialled="15886565", caller=None, at=NOON))
    assert centre.here("callcenter_oldest_waiting_since_timestamp_seconds") is None

    centre.record(StageChanged(key=KEY, line="main", stage=Stage.WAITING, at=later, queue="help"))
    centre.record(StageChanged(key=KEY, line="main", stage=Stage.RINGING, at=latest, queue="help"))
    assert centre.here("callcenter_oldest_waiting_since_timestamp_seconds") == NOON.timestamp() + 4

    answered = CallAnswered(key=KEY, line="main", agent="PJSIP/1", member=None, queue="help", at=latest, rings=1)
    centre.record(answered)
    assert centre.here("callcenter_oldest_waiting_since_timestamp_seconds") is None


def test_an_answered_call_that_left_the_centre_is_counted_once() -> None:
    centre = Centre()
    outside = replace(TRANSFER, kind=TransferKind.BLIND, scope=Scope.OUTSIDE, result=TransferResult.COMPLETED)
    centre.record(replace(CALL, outcome=Outcome.ANSWERED, transfers=(outside, outside)))
    centre.record(replace(CALL, outcome=Outcome.ANSWERED, transfers=(replace(outside, scope=Scope.INSIDE),)))

    assert centre.here("callcenter_calls_left_centre_total") == 1


def test_figures_of_listener_and_store_are_read_at_the_scrape() -> None:
    centre = Centre()
    assert centre.value("callcenter_ami_last_event_timestamp_seconds", system="pbx") is None
    centre.system.last_event_at = 5.5
    centre.system.events["Hangup"] = 3
    centre.system.up = False

    assert centre.value("callcenter_ami_up", system="pbx") == 0
    assert centre.value("callcenter_ami_events_total", system="pbx", event="Hangup") == 3
    assert centre.value("callcenter_ami_reconnects_total", system="pbx") == 2
    assert centre.value("callcenter_ami_last_event_timestamp_seconds", system="pbx") == 5.5
    assert centre.value("callcenter_ami_discarded_packets_total", system="pbx", reason="oversized") == 1
    assert centre.value("callcenter_unexpected_events_total", system="pbx", kind="unknown_channel") == 0
    assert centre.value("callcenter_unobserved_seconds_total", system="pbx") == 1.5
    assert centre.value("callcenter_clock_offset_seconds", system="pbx") == -1.25
    assert centre.value("callcenter_clock_steps_total", system="pbx", clock="asterisk") == 2
    assert centre.value("callcenter_clock_steps_total", system="pbx", clock="monitor") == 0
    assert centre.value("callcenter_store_up") == 0
    assert centre.value("callcenter_store_waiting_facts") == 12


def test_what_was_told_at_once_is_read_at_the_scrape() -> None:
    centre = Centre()
    assert centre.value("callcenter_alerts_sent_total", target="alertmanager") == 5
    assert centre.value("callcenter_alerts_failed_total", target="alertmanager") == 2
    assert centre.value("callcenter_alerts_waiting", target="alertmanager") == 1
    assert centre.value("callcenter_alerts_sent_total", target="apprise") == 0


def test_who_watches_the_page_is_read_at_the_scrape() -> None:
    centre = Centre()
    assert centre.value("callcenter_page_streams") == 3
    assert centre.value("callcenter_page_streams_dropped_total") == 1


def test_failures_of_a_sink_are_read_at_the_scrape() -> None:
    centre = Centre()
    assert centre.value("callcenter_sink_failures_total", sink="ledger") == 0

    centre.sink_failures["ledger"] += 2
    # A sink that joins later, such as the screen.
    centre.sink_failures["screen"] = 0

    assert centre.value("callcenter_sink_failures_total", sink="ledger") == 2
    assert centre.value("callcenter_sink_failures_total", sink="board") == 0
    assert centre.value("callcenter_sink_failures_total", sink="screen") == 0
