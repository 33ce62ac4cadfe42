"""How often somebody may try, and what a password's check costs: by a clock in the hand, and with argon2 itself."""

from __future__ import annotations

import asyncio
import hashlib
import os
import pty
import select
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from argon2 import extract_parameters
from argon2.exceptions import VerifyMismatchError

from monitor.addresses import address_of
from monitor.errors import ConfigError
from monitor.page.access_attempts import REMEMBERED, Attempts
from monitor.page.access_passwords import Passwords, TooManyAtOnceError, decoy, hash_password
from tests.unit.test_replay import callmonitor

from .doors import HASH, HASHER, PASSWORD, Clock, served, settings, sign_in, token_in, user

if TYPE_CHECKING:
    from pathlib import Path

    import httpx


# -- attempts ----------------------------------------------------------------------------------------------------------


def test_the_window_slides() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(10):
        assert attempts.begin("198.51.100.7", "kim") == 0
        clock.move(seconds=20)
    # The first was 200 s ago, and 300 s must have passed since.
    assert attempts.begin("198.51.100.7", "kim") == 100
    clock.move(seconds=99.5)
    assert attempts.begin("198.51.100.7", "kim") == 1
    clock.move(seconds=0.5)
    assert attempts.begin("198.51.100.7", "kim") == 0
    # Now the second, 20 s after the first, is the oldest of ten.
    assert attempts.begin("198.51.100.7", "kim") == 20


def test_whoever_asks_while_held_back_is_not_held_back_longer() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(10):
        attempts.begin("198.51.100.7", "kim")
    for _ in range(299):
        clock.move(seconds=1)
        assert attempts.begin("198.51.100.7", "kim") > 0
    clock.move(seconds=1)
    assert attempts.begin("198.51.100.7", "kim") == 0


def test_one_address_cannot_use_up_a_user_name() -> None:
    attempts = Attempts(Clock())
    for _ in range(1000):
        attempts.begin("198.51.100.7", "kim")
    assert attempts.begin("203.0.113.9", "kim") == 0


def test_a_clock_that_was_set_back_holds_nobody_back_for_as_long() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(10):
        attempts.begin("198.51.100.7", "kim")
    clock.move(hours=-5)
    assert attempts.begin("198.51.100.7", "kim") == 0


def test_no_more_than_so_many_are_remembered() -> None:
    attempts = Attempts(Clock())
    for number in range(3 * REMEMBERED):
        address, name = f"address {number}", f"user {number}"
        assert attempts.begin(address, name) == 0
        attempts.succeeded(address, name)
    for number in range(3 * REMEMBERED):
        attempts.begin(f"address {number}", f"user {number}")
    assert len(attempts._addresses._instants) == len(attempts._users._instants) == len(attempts._known) == REMEMBERED


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_what_one_customer_has_to_choose_from_counts_as_one_address(host: str | None, counted: str) -> None:
    assert address_of(host) == counted


# -- attempts over real sockets ----------------------------------------------------------------------------------------


def test_ten_failures_hold_an_address_back_and_nobody_else() -> None:
    async def ask() -> tuple[list[int], httpx.Response, int, int]:
        clock = Clock()
        async with served(settings(user(), user("lee")), clock) as client:
            guesses = []
            for _ in range(10):
                guesses.append((await sign_in(client, "lee", "guess", address="198.51.100.7")).status_code)
                clock.move(seconds=10)
            # Now it is 100 s after the first; the window of 300 s lets the first drop out in 200 s.
            held_back = await sign_in(client, "lee", address="198.51.100.7")
            elsewhere = (await sign_in(client, "lee", address="203.0.113.9")).status_code
            client.cookies.clear()
            clock.move(seconds=200)
            return guesses, held_back, elsewhere, (await sign_in(client, "lee", address="198.51.100.7")).status_code

    guesses, held_back, elsewhere, later = asyncio.run(ask())
    assert guesses == [403] * 10
    assert (held_back.status_code, held_back.headers["retry-after"]) == (429, "200")
    assert "Too many attempts. Try again in 200 s." in held_back.text
    assert (elsewhere, later) == (303, 303)


def test_many_addresses_together_cannot_guess_one_password_without_end() -> None:
    async def ask() -> list[int]:
        async with served(settings(user())) as client:
            found = []
            # Whoever has signed in from an address before is known there.
            found.append((await sign_in(client, address="203.0.113.9")).status_code)
            client.cookies.clear()
            for number in range(30):
                await sign_in(client, password="guess", address=f"198.51.100.{number}")
            for address in ("198.51.100.200", "203.0.113.9"):
                found.append((await sign_in(client, address=address)).status_code)
                client.cookies.clear()
            # The success has cleared what was counted on the name.
            found.append((await sign_in(client, address="198.51.100.200")).status_code)
        return found

    assert asyncio.run(ask()) == [303, 429, 303, 303]


def test_ones_own_password_is_no_licence_to_guess_others() -> None:
    async def ask() -> int:
        async with served(settings(user(), user("lee"))) as client:
            for _ in range(5):
                await sign_in(client, "lee", "guess")
                await sign_in(client, "lee", "guess")
                await sign_in(client, "kim")
                client.cookies.clear()
            return (await sign_in(client, "kim")).status_code

    assert asyncio.run(ask()) == 429


def test_many_guesses_at_once_are_counted_too() -> None:
    async def ask() -> list[int]:
        async with served(settings(user())) as client:
            fields = {"name": "kim", "password": "guess", "csrf": token_in((await client.get("/login")).text)}
            return [
                answer.status_code
                for answer in await asyncio.gather(*[client.post("/login", data=fields) for _ in range(30)])
            ]

    found = asyncio.run(ask())
    assert (found.count(403), found.count(429)) == (10, 20)


# -- passwords ---------------------------------------------------------------------------------------------------------


def test_a_password_fits_its_hash_and_no_other() -> None:
    async def ask() -> list[bool]:
        passwords = Passwords([user()], b"key", Clock())
        tried = [("kim", PASSWORD), ("kim", PASSWORD + " "), ("lee", PASSWORD), ("kim", "")]
        return [await passwords.check(name, password) is not None for name, password in tried]

    assert asyncio.run(ask()) == [True, False, False, False]


def test_a_made_hash_can_be_used_and_costs_what_argon2_recommends() -> None:
    made = hash_password(PASSWORD)
    found = extract_parameters(made)
    # RFC 9106, second recommendation: 64 MiB, 3 passes, 4 lanes.
    assert (found.memory_cost, found.time_cost, found.parallelism) == (64 * 1024, 3, 4)
    assert made != hash_password(PASSWORD)


def test_a_decoy_costs_the_same_and_nothing_fits_it() -> None:
    drawn = decoy(HASH)
    assert extract_parameters(drawn) == extract_parameters(HASH)
    assert len(drawn) == len(HASH)
    with pytest.raises(VerifyMismatchError):
        HASHER.verify(drawn, PASSWORD)


def test_more_than_can_be_checked_soon_are_sent_away() -> None:
    async def ask() -> list[str]:
        passwords = Passwords([user()], b"key", Clock())
        found = await asyncio.gather(
            *[passwords.check("kim", PASSWORD) for _ in range(40)],
            return_exceptions=True,
        )
        return [type(one).__name__ for one in found]

    found = asyncio.run(ask())
    assert (found.count("str"), found.count(TooManyAtOnceError.__name__)) == (32, 8)


def test_a_fingerprint_tells_hashes_apart_and_says_nothing_of_them(tmp_path: Path) -> None:
    file = tmp_path / "kim.hash"
    file.write_text(HASH, encoding="utf-8")
    clock = Clock()
    passwords = Passwords([user(file=file), user("lee")], b"key", clock)
    first = passwords.fingerprint("kim")
    assert first is not None
    assert first not in HASH
    assert passwords.fingerprint("lee") != first  # the same hash, of somebody else
    assert Passwords([user()], b"another key", clock).fingerprint("kim") != first
    assert passwords.fingerprint("nobody") is None
    file.write_text(HASHER.hash(PASSWORD), encoding="utf-8")
    assert passwords.fingerprint("kim") == first  # read once a second
    clock.move(seconds=1)
    assert passwords.fingerprint("kim") not in (first, None)


def test_a_hash_that_cannot_be_read_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="password_hash_file of user 'kim' cannot be read"):
        Passwords([user(file=tmp_path / "kim.hash")], b"key", Clock())


# -- the command line --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\nwhat follows is not read"])
def test_hash_password_hashes_the_line_it_is_given(tmp_path: Path, ending: str) -> None:
    done = callmonitor("hash-password", cwd=tmp_path, stdin=(PASSWORD + ending).encode())
    assert (done.returncode, done.stderr) == (0, b"")
    (made,) = done.stdout.decode().splitlines()
    assert HASHER.verify(made, PASSWORD)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (b"", "The password has fewer than 10 characters; choose a longer one."),
        (b"123456789\n", "The password has fewer than 10 characters; choose a longer one."),
        (b"x" * 257, "The password has more than 256 characters; choose a shorter one."),
        (b"\xff\xfe0123456789\n", "The password is not UTF-8; send it as UTF-8 text, in one line."),
    ],
)
def test_a_password_that_is_none_is_told(tmp_path: Path, given: bytes, message: str) -> None:
    done = callmonitor("hash-password", cwd=tmp_path, stdin=given)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", f"callmonitor: {message}\n")


def test_hash_password_asks_twice_on_a_terminal_and_shows_nothing(tmp_path: Path) -> None:
    shown = typed_into_hash_password([PASSWORD, PASSWORD], tmp_path)
    assert PASSWORD not in shown
    made = next(line for line in shown.splitlines() if line.startswith("$argon2id$"))
    assert HASHER.verify(made, PASSWORD)


def typed_into_hash_password(lines: list[str], folder: Path) -> str:
    """What a terminal shows while these lines are typed, each after the question that asks for it."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "monitor.cli", "hash-password"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        start_new_session=True,
    ) as running:
        os.close(theirs)
        shown = b""
        waiting = list(lines)
        try:
            # What is typed before the space behind the question is thrown away: only then is the echo off.
            while select.select([ours], [], [], 30)[0]:
                shown += os.read(ours, 4096)
                if waiting and shown.endswith(b": "):
                    os.write(ours, f"{waiting.pop(0)}\n".encode())
        except OSError:  # the terminal is gone with the program
            pass
        finally:
            os.close(ours)
            if running.poll() is None and waiting:
                running.kill()
    assert running.returncode == 0, shown
    return shown.decode()


def test_make_token_prints_a_new_token_and_its_digest(tmp_path: Path) -> None:
    tokens = set()
    for _ in range(2):
        done = callmonitor("make-token", cwd=tmp_path)
        (_, token), (_, digest) = (line.split() for line in done.stdout.decode().splitlines())
        assert done.stdout.decode() == f"token   {token}\nsha256  {digest}\n"
        assert hashlib.sha256(token.encode()).hexdigest() == digest
        tokens.add(token)
    assert len(tokens) == 2
