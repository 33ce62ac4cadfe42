"""The settings of those who look on: users, programs, cookies, and one bad file for each exact message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.config import load
from monitor.config_web import WebSettings
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.config import Settings

# Made by `callmonitor hash-password`.
HASH = "$argon2id$v=19$m=65536,t=3,p=4$YHEqxeKLh10S7KM2Mdg8gQ$1TcEtZF7MMsewaJd4l4B/mnZddqhLObYPPtUDggVSgk"
DIGEST = "9f80bdec6f3c22ce5cbaf35c48d8f742386b79f83e4412a4d843a2e02cbdf9f6"
USER = f'[[web.user]]\nname = "kim"\npassword_hash = "{HASH}"\n'
TOKEN = f'[[web.token]]\nname = "reports"\nsha256 = "{DIGEST}"\n'


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "callmonitor.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ={"HOME": "/home/centre"})


def test_nothing_set_serves_loopback_only_and_nobody_signs_in() -> None:
    web = WebSettings()
    assert (web.on_loopback, web.user, web.token) == (True, (), ())
    assert (web.numbers_for, web.session_hours, web.secure_cookies) == (("supervisor",), 12, False)
    assert web.read_session_secret() is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_no_users(host: str) -> None:
    assert WebSettings(host=host).on_loopback


def test_a_user_sees_the_board_and_no_more_unless_told_otherwise(tmp_path: Path) -> None:
    web = loaded(tmp_path, f'[web]\nhost = "0.0.0.0"\n{USER}{TOKEN}').web
    assert [(user.name, user.role, user.read_hash()) for user in web.user] == [("kim", "board", HASH)]
    assert [(token.name, token.role, token.sha256.get_secret_value()) for token in web.token] == [
        ("reports", "board", DIGEST)
    ]


def test_a_hash_is_read_from_its_file_each_time(tmp_path: Path) -> None:
    file = tmp_path / "kim.hash"
    file.write_text(f"{HASH}\n", encoding="utf-8")
    (user,) = loaded(tmp_path, f'[[web.user]]\nname = "kim"\npassword_hash_file = "{file}"\n').web.user
    assert user.read_hash() == HASH
    other = HASH.replace("YHEq", "ZHEq")
    file.write_text(other, encoding="utf-8")
    assert user.read_hash() == other


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read (No such file or directory); let the user that runs callmonitor read it."),
        ("", "must hold one line; write what `callmonitor hash-password` prints into it and nothing else."),
        (
            "hunter2-hunter2",
            "must hold one line; write what `callmonitor hash-password` prints into it and nothing else.",
        ),
        (
            f"{HASH}\n{HASH}",
            "must hold one line; write what `callmonitor hash-password` prints into it and nothing else.",
        ),
    ],
)
def test_a_file_without_a_hash_is_told(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "kim.hash"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f'[[web.user]]\nname = "kim"\npassword_hash_file = "{file}"\n')
    assert str(caught.value) == f"{file}: password_hash_file of user 'kim' {message}"


def test_the_key_of_the_cookies_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "session.secret"
    text = f'[web]\nsession_secret_file = "{file}"\n'
    with pytest.raises(ConfigError, match="session_secret_file cannot be read"):
        loaded(tmp_path, text)
    file.write_text("31-characters-are-not-enough---\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value) == (
        f"{file}: session_secret_file must hold one line; write 32 random characters or more into it and nothing else."
    )
    file.write_text("32-characters-of-a-key-are-there\n", encoding="utf-8")
    assert loaded(tmp_path, text).web.read_session_secret() == b"32-characters-of-a-key-are-there"


BAD_FILES = [
    # (what the file holds, the whole message behind its path)
    (
        '[web]\nhost = "0.0.0.0"\n',
        (
            ", line 1: web serves outside this machine (host '0.0.0.0') and nobody has to sign in; "
            "add a [[web.user]] table, or set host to 127.0.0.1."
        ),
    ),
    (
        # A token lets programs in and keeps nobody out of the page.
        f'[web]\nhost = "::"\n{TOKEN}',
        (
            ", line 1: web serves outside this machine (host '::') and nobody has to sign in; "
            "add a [[web.user]] table, or set host to 127.0.0.1."
        ),
    ),
    (USER + USER, ": web has two [[web.user]] tables called 'kim'; give each a name of its own."),
    (TOKEN + TOKEN, ": web has two [[web.token]] tables called 'reports'; give each a name of its own."),
    (USER.replace("kim", ""), ", line 2: web.user[0].name must not be empty; correct it."),
    (
        USER.replace("kim", "k" * 65),
        f", line 2: web.user[0].name is '{'k' * 65}' but must have at most 64 characters; correct it.",
    ),
    (
        USER + 'role = "boss"\n',
        ", line 4: web.user[0].role is 'boss' but must be 'board' or 'supervisor'; correct it.",
    ),
    (
        USER.replace(HASH, "hunter2-hunter2"),
        ", line 3: web.user[0].password_hash is no argon2 hash; make one with `callmonitor hash-password`.",
    ),
    (USER.replace(f'"{HASH}"', "5"), ", line 3: web.user[0].password_hash must be text in quotes; correct it."),
    (
        '[[web.user]]\nname = "kim"\n',
        ", line 1: web.user[0] needs either password_hash or password_hash_file; give exactly one of them.",
    ),
    (
        USER + 'password_hash_file = "/etc/kim.hash"\n',
        ", line 1: web.user[0] needs either password_hash or password_hash_file; give exactly one of them.",
    ),
    (
        '[[web.user]]\nname = "kim"\npassword_hash_file = "kim.hash"\n',
        ", line 3: web.user[0].password_hash_file is a relative path; write it from / on.",
    ),
    (USER + 'pasword = "x"\n', ", line 4: web.user[0].pasword is no setting; did you mean password_hash?"),
    (
        TOKEN.replace(DIGEST, "hunter2-hunter2"),
        ", line 3: web.token[0].sha256 is no SHA-256 in hexadecimal; make a token with `callmonitor make-token`.",
    ),
    (
        TOKEN.replace(DIGEST, DIGEST.upper()),
        ", line 3: web.token[0].sha256 is no SHA-256 in hexadecimal; make a token with `callmonitor make-token`.",
    ),
    ('[[web.token]]\nname = "x"\n', ", line 1: web.token[0].sha256 is missing; add it, as docs/settings.md shows."),
    (
        TOKEN + 'token = "hunter2-hunter2"\n',
        ", line 4: web.token[0].token is no setting; remove it, or look it up in docs/settings.md.",
    ),
    (
        '[web]\nnumbers_for = ["boss"]\n',
        ", line 2: web.numbers_for[0] is 'boss' but must be 'board' or 'supervisor'; correct it.",
    ),
    ("[web]\nsession_hours = 0\n", ", line 2: web.session_hours is 0 but must be more than 0; correct it."),
    # 31 days are 744 hours.
    ("[web]\nsession_hours = 745\n", ", line 2: web.session_hours is 745 but must be at most 744; correct it."),
    (
        '[web]\nsession_secret_file = "key"\n',
        ", line 2: web.session_secret_file is a relative path; write it from / on.",
    ),
    (
        '[web]\nsecure_cookies = "perhaps"\n',
        ", line 2: web.secure_cookies is 'perhaps' but must be true or false; correct it.",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD_FILES)
def test_a_bad_file_is_told_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value) == f"{tmp_path}/callmonitor.toml{message}"
    assert "hunter2" not in str(caught.value)


def test_nothing_secret_is_printed(tmp_path: Path) -> None:
    settings = loaded(tmp_path, USER + TOKEN)
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert HASH not in text
        assert DIGEST not in text
