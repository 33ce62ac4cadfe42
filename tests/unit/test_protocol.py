r"""Framing: packets come out whole however the bytes arrive, and nothing but CRLF CRLF ends one."""

from __future__ import annotations

import tracemalloc

import pytest

from monitor.ami.protocol import (
    MAX_PACKET_BYTES,
    PacketReader,
    encode_action,
    event_name,
    header,
    headers,
    is_ami,
    timestamp_us,
)
from monitor.errors import ProtocolError

A = b"Event: Newchannel\r\nUniqueid: 1.1\r\n\r\n"
B = b"Response: Success\r\nMessage: ok\r\n\r\n"
BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def packets(data: bytes, *, size: int = 0) -> list[tuple[int, bytes]]:
    """Everything cut out of `data`, fed in pieces of `size` bytes (0: in one)."""
    reader = PacketReader()
    pieces = [data[i : i + size] for i in range(0, len(data), size)] if size else [data]
    return [packet for piece in pieces for packet in reader.feed(piece)]


def test_packets_and_where_they_begin() -> None:
    # The banner is 30 bytes with its line end; A is 19 + 15 + 2 = 36 bytes, so B begins at 66.
    assert packets(BANNER + A + B) == [(0, BANNER[:-2]), (30, A[:-4]), (66, B[:-4])]


@pytest.mark.parametrize("size", range(1, 40))
def test_any_size_of_piece_gives_the_same_packets(size: int) -> None:
    data = BANNER + A + B + BANNER + A
    assert packets(data, size=size) == packets(data)


def test_every_single_cut_gives_the_same_packets() -> None:
    data = BANNER + A + B
    for cut in range(len(data) + 1):
        reader = PacketReader()
        assert reader.feed(data[:cut]) + reader.feed(data[cut:]) == packets(data)


def test_a_banner_in_the_middle_is_a_packet_of_its_own() -> None:
    """The connection broke off inside a packet, and the capture goes on with the next connection."""
    found = packets(A[:20] + b"\r\n" + BANNER + B)
    assert [packet for _, packet in found] == [A[:20], BANNER[:-2], B[:-4]]


def test_a_banner_in_a_value_is_a_value() -> None:
    packet = b"Event: Newchannel\r\nCallerIDName: Asterisk Call Manager/11.0.0\r\nUniqueid: 1.1"
    assert packets(packet + b"\r\n\r\n") == [(0, packet)]


def test_empty_lines_in_a_row_are_no_packets() -> None:
    assert packets(A + b"\r\n\r\n" + B) == [(0, A[:-4]), (len(A) + 4, B[:-4])]


def test_a_packet_of_just_the_limit_is_read_and_one_byte_more_is_dropped() -> None:
    just = b"Event: " + b"x" * (MAX_PACKET_BYTES - 7)
    reader = PacketReader()
    assert reader.feed(just + b"\r\n\r\n") == [(0, just)]
    assert reader.oversized == 0
    assert reader.feed(just + b"y\r\n\r\n" + A) == [(MAX_PACKET_BYTES * 2 + 9, A[:-4])]
    assert reader.oversized == 1


@pytest.mark.parametrize("size", [1_000, 65_536, 3_000_000])
def test_reading_goes_on_behind_an_oversized_packet(size: int) -> None:
    data = A + b"Event: " + b"x" * 2_500_000 + b"\r\n\r\n" + B
    reader = PacketReader()
    found = [packet for i in range(0, len(data), size) for packet in reader.feed(data[i : i + size])]
    assert found == [(0, A[:-4]), (len(data) - len(B), B[:-4])]
    assert reader.oversized == 1
    assert reader.offset == len(data)


def test_a_line_end_cut_in_two_still_ends_an_oversized_packet() -> None:
    reader = PacketReader(max_packet_bytes=10)
    assert reader.feed(b"x" * 20 + b"\r\n\r") == []
    assert reader.feed(b"\n" + B[:5]) == []
    assert reader.feed(B[5:12] + b"\r\n\r\n") == [], "that one passes the ten bytes as well"
    assert reader.oversized == 2


def test_ten_megabytes_without_a_line_end_keep_memory_flat() -> None:
    reader = PacketReader()
    piece = b"x" * 65_536
    reader.feed(piece)
    tracemalloc.start()
    try:
        for _ in range(160):  # 160 x 64 KiB = 10 MiB
            assert reader.feed(piece) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # At most the limit itself, once as the tail and once as the tail with the next piece.
    assert peak < 3 * MAX_PACKET_BYTES
    assert reader.oversized == 1
    assert reader.feed(b"\r\n\r\n" + A) == [(161 * 65_536 + 4, A[:-4])]


def test_close_returns_what_never_ended() -> None:
    reader = PacketReader()
    reader.feed(A + B[:9])
    assert reader.close() == B[:9]
    assert reader.offset == len(A) + 9
    assert reader.feed(A) == [(len(A) + 9, A[:-4])], "the next connection begins clean"


@pytest.mark.parametrize(
    "name",
    [
        "two\u2028lines",
        "nul\0nul",
        "bare\nEvent: Hangup",
        "bare\rEvent: Hangup",
        "form\x0cfeed\x0bvt\x85nel",
        "\N{GRINNING FACE} 홍길동",
        "a: b: c",
        "",
    ],
)
def test_a_caller_name_forges_no_header(name: str) -> None:
    packet = f"Event: Newchannel\r\nCallerIDName: {name}\r\nUniqueid: 1.1\r\n\r\n".encode()
    ((_, found),) = packets(packet)
    assert headers(found) == {"Event": ["Newchannel"], "CallerIDName": [name], "Uniqueid": ["1.1"]}
    assert event_name(found) == b"Newchannel"
    assert header(found, b"\r\nUniqueid: ") == "1.1"


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    packet = b"Event: Newchannel\r\nCallerIDName: \xc8\xab\xb1\xe6\xff\r\nUniqueid: 1.1"
    assert header(packet, b"\r\nUniqueid: ") == "1.1"
    name = headers(packet)["CallerIDName"][0]
    assert "\N{REPLACEMENT CHARACTER}" in name
    assert name == b"\xc8\xab\xb1\xe6\xff".decode("utf-8", "replace")


def test_repeated_keys_are_a_list_and_lines_without_colon_are_passed_over() -> None:
    packet = b"Event: X\r\nVariable: a=1\r\nno colon here\r\nVariable: b=2\r\nEmpty: \r\nTight:x\r\nTime: 12:30:00"
    assert headers(packet) == {
        "Event": ["X"],
        "Variable": ["a=1", "b=2"],
        "Empty": [""],
        "Tight": ["x"],
        "Time": ["12:30:00"],
    }
    assert header(packet, b"\r\nVariable: ") == "a=1", "of repeated keys the first"
    assert header(packet, b"\r\nMissing: ") is None


@pytest.mark.parametrize(
    ("packet", "name"),
    [
        (b"Event: Hangup", b"Hangup"),
        (b"Event: Hangup\r\nCause: 16", b"Hangup"),
        # Garbage in front of an event, as where a capture begins in the middle.
        (b"tail of something\r\nEvent: Hangup\r\nCause: 16", b"Hangup"),
        (b"Response: Success\r\nEvent: Hangup", None),
        (b"Message: Event: Hangup", None),
        (b"", None),
        (b"Event:Hangup", None),
    ],
)
def test_event_names(packet: bytes, name: bytes | None) -> None:
    assert event_name(packet) == name


def test_what_is_ami() -> None:
    assert is_ami(b"Event: X")
    assert is_ami(b"Response: Success")
    assert is_ami(b"Asterisk Call Manager/2.10.6")
    assert not is_ami(b"GET / HTTP/1.1")
    assert not is_ami(b"")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1795359452.195035", 1_795_359_452_195_035),
        # Asterisk pads to six digits; fewer mean what a decimal fraction means.
        ("1795359452.5", 1_795_359_452_500_000),
        ("1795359452", 1_795_359_452_000_000),
        ("1795359452.", 1_795_359_452_000_000),
        # More than microseconds is cut off, not rounded up into the next ring.
        ("1795359452.1234569", 1_795_359_452_123_456),
        ("0.000001", 1),
        ("", None),
        ("yesterday", None),
        ("-5.0", None),
        ("1795359452,195035", None),
        ("1e9", None),
        ("999999999999.0", None),
        ("1795359452.12x", None),
        ("\N{ARABIC-INDIC DIGIT ONE}", None),
    ],
)
def test_timestamps(value: str, expected: int | None) -> None:
    assert timestamp_us(f"Event: X\r\nTimestamp: {value}\r\nUniqueid: 1.1".encode()) == expected
    assert timestamp_us(f"Event: X\r\nTimestamp: {value}".encode()) == expected


def test_an_action() -> None:
    assert (
        encode_action("Login", {"Username": "m", "Secret": "s"}) == b"Action: Login\r\nUsername: m\r\nSecret: s\r\n\r\n"
    )
    assert (
        encode_action("Filter", [("Filter", "a"), ("Filter", "b")])
        == b"Action: Filter\r\nFilter: a\r\nFilter: b\r\n\r\n"
    )
    assert encode_action("Ping") == b"Action: Ping\r\n\r\n"


@pytest.mark.parametrize("value", ["x\r\nAction: Command", "x\n", "x\r"])
def test_an_action_cannot_be_forged(value: str) -> None:
    with pytest.raises(ProtocolError, match="line end"):
        encode_action("Login", {"Username": value})
