"""What time it is over there, told from stamps and receipts."""

from __future__ import annotations

from monitor.ami.clock import RemoteClock

S = 1_000_000


def test_before_anything_was_seen_our_own_time_holds() -> None:
    clock = RemoteClock()
    assert clock.at(5 * S) == 5 * S
    assert clock.seconds_until(7 * S, 5 * S) == 2.0


def test_a_clock_that_is_ahead_is_followed() -> None:
    clock = RemoteClock()
    clock.observe(100 * S, 400 * S)
    assert clock.at(100 * S) == 400 * S
    assert clock.at(103 * S) == 403 * S
    assert clock.seconds_until(409 * S, 103 * S) == 6.0
    assert clock.seconds_until(400 * S, 103 * S) == 0.0, "what has passed is due now"


def test_a_slow_packet_does_not_set_the_clock_back() -> None:
    clock = RemoteClock()
    clock.observe(100 * S, 100 * S)  # arrived at once
    clock.observe(101 * S, 100 * S + 600_000)  # stamped 0.6 s in, 0.4 s on the way
    # Expected 101.000000; it gives way by 1 s / 2000 = 500 us only.
    assert clock.at(101 * S) == 101 * S - 500


def test_a_quicker_packet_sets_it_forward_at_once() -> None:
    clock = RemoteClock()
    clock.observe(100 * S, 99 * S + 800_000)  # 0.2 s on the way
    clock.observe(101 * S, 101 * S)  # at once
    assert clock.at(102 * S) == 102 * S


def test_one_lucky_packet_is_given_up_in_time() -> None:
    """Ahead by 0.1 s: at 500 us a second that is given back after 200 s."""
    clock = RemoteClock()
    clock.observe(0, 100_000)
    for second in range(1, 201):
        clock.observe(second * S, second * S)
    assert clock.at(200 * S) == 200 * S


def test_a_clock_that_was_set_is_followed_both_ways() -> None:
    """The proof is an answer to a ping: 10 ms there and back, an hour more, and an hour less again."""
    clock = RemoteClock()
    assert clock.pong(100 * S, 100 * S - 5_000, 100 * S - 10_000) == 0
    assert clock.pong(101 * S, 3_701 * S - 5_000, 101 * S - 10_000) == 3_600 * S
    assert clock.at(101 * S) == 3_701 * S - 5_000
    assert clock.pong(102 * S, 102 * S - 5_000, 102 * S - 10_000) == -3_600 * S
    assert clock.at(102 * S) == 102 * S - 5_000


def test_a_simulators_clock_runs_faster() -> None:
    """At ten times our speed 6 s over there are 0.6 s here."""
    clock = RemoteClock(rate=10)
    clock.observe(100 * S, 5_000 * S)
    assert clock.at(101 * S) == 5_010 * S
    assert clock.seconds_until(5_006 * S, 100 * S) == 0.6
