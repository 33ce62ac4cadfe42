"""What doctor, check-config and the log say of settings that leave something open, and that they show no secret."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from monitor.config import load
from monitor.exposure import exposures
from tests.unit.test_replay import callmonitor

STRONG = "b3f1c09a7d5e4428961fae03"
USER = (
    '[[web.user]]\nname = "kim"\npassword_hash = '
    '"$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0"\n'
)
DIGEST = "ab" * 32


def asterisk(host: str = "127.0.0.1", secret: str = STRONG, more: str = "") -> str:
    return f'[[asterisk]]\nname = "pbx1"\nhost = "{host}"\nusername = "monitor"\nsecret = "{secret}"\n{more}\n'


def opened(folder: Path, text: str) -> list[tuple[str, str]]:
    """Where something is open, and the first words about it."""
    file = folder / "callmonitor.toml"
    file.write_text(text, encoding="utf-8")
    return [(each.where, each.sentence) for each in exposures(load(file, environ={"HOME": str(folder)}))]


@pytest.mark.parametrize(
    "text",
    [
        asterisk(),
        asterisk("localhost"),
        asterisk("192.0.2.7", more="tls = true"),
        f'[web]\nhost = "0.0.0.0"\nsecure_cookies = true\n[metrics]\nhost = "127.0.0.1"\n{USER}',
        '[ledger]\nurl = "postgresql://m@/calls"\n',
        '[ledger]\nurl = "postgresql://m@127.0.0.1/calls"\n',
        '[ledger]\nurl = "postgresql://m@db.example.org/calls?sslmode=verify-full"\n',
    ],
    ids=["loopback", "localhost", "TLS", "proxy in front", "socket file", "database here", "database over TLS"],
)
def test_what_is_closed_is_not_told(tmp_path: Path, text: str) -> None:
    assert opened(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "where", "begins"),
    [
        (asterisk("192.0.2.7"), "pbx1", "AMI of 192.0.2.7 crosses the network in plain text"),
        (asterisk(secret="5f1c09a7"), "pbx1", "The secret of 'monitor' has fewer than 16 characters."),
        (asterisk(secret="amp111"), "pbx1", "The secret of 'monitor' is one of those that are tried first."),
        (asterisk(secret="CHANGE-ME"), "pbx1", "The secret of 'monitor' is one of those that are tried first."),
        (asterisk(secret="Monitor2026!"), "pbx1", "The secret of 'monitor' is one of those that are tried first."),
        (asterisk(secret="abab" * 8), "pbx1", "The secret of 'monitor' has fewer than 6 different characters."),
        (
            '[ledger]\nurl = "postgresql://m@db.example.org/calls"\n',
            "ledger",
            "The ledger at db.example.org may be written in plain text",
        ),
        (
            f'[web]\nhost = "0.0.0.0"\n[metrics]\nhost = "127.0.0.1"\n{USER}',
            "web",
            "The page is served beyond this machine (0.0.0.0) as plain HTTP",
        ),
        (
            f'[web]\nhost = "0.0.0.0"\nsecure_cookies = true\n{USER}',
            "metrics",
            "/metrics is served beyond this machine (0.0.0.0) to whoever asks",
        ),
        ('[metrics]\nhost = "::"\n', "metrics", "/metrics is served beyond this machine (::) to whoever asks"),
        (
            f'[metrics]\nhost = "192.0.2.1"\ntoken_sha256 = "{DIGEST}"\n',
            "metrics",
            "The token of /metrics crosses the network in plain text (192.0.2.1).",
        ),
    ],
)
def test_what_is_open_is_told(tmp_path: Path, text: str, where: str, begins: str) -> None:
    ((found, sentence),) = opened(tmp_path, text)
    assert (found, sentence[: len(begins)]) == (where, begins)


def test_a_secret_that_crosses_the_network_is_told_too(tmp_path: Path) -> None:
    ((_, sentence),) = opened(tmp_path, asterisk("192.0.2.7", more='auth = "plain"'))
    assert sentence.endswith("can forge events, and so does the secret.")


@pytest.mark.parametrize(
    ("mode", "folder_mode", "told"), [(0o644, 0o755, True), (0o640, 0o755, False), (0o644, 0o700, False)]
)
def test_a_secret_file_that_anybody_may_read_is_told(mode: int, folder_mode: int, told: bool) -> None:
    """Unless a folder above it is closed, as pytest's own are: this one stands in the machine's for all."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        secret = Path(name) / "ami.secret"
        secret.write_text(STRONG, encoding="utf-8")
        secret.chmod(mode)
        Path(name).chmod(folder_mode)
        found = opened(Path(name), asterisk().replace(f'secret = "{STRONG}"', f'secret_file = "{secret}"'))
        sentence = f"{secret}: secret_file can be read by every user of this machine."
        assert found == ([("pbx1", sentence)] if told else [])


def test_check_config_tells_it_and_the_settings_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "callmonitor.toml").write_text(asterisk("192.0.2.7", secret="hush-1"), encoding="utf-8")
    done = callmonitor("check-config", cwd=tmp_path)
    lines = [line for line in done.stdout.decode().splitlines() if line.startswith("Open (pbx1): ")]
    assert done.returncode == 0
    assert len(lines) == 2
    assert all("→" in line for line in lines)
    assert "hush-1" not in done.stdout.decode() + done.stderr.decode()
