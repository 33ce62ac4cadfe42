"""The settings: precedence, and one bad file for each exact message."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from monitor.calls.rules import Reading, RingRule
from monitor.config import AsteriskSettings, Settings, keys, load
from monitor.errors import ConfigError

HOME = {"HOME": "/home/centre"}
ONE = '[[asterisk]]\nname = "pbx1"\nhost = "10.0.0.5"\nusername = "monitor"\nsecret = "s3cret"\n'
SAMPLE = Path(__file__).parents[2] / "deploy" / "callmonitor.toml.sample"


def write(folder: Path, text: str) -> Path:
    path = folder / "callmonitor.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_set_gives_the_stated_defaults() -> None:
    settings = load(environ=HOME)
    assert settings.asterisk == ()
    assert [(line.name, line.patterns, line.contexts) for line in settings.line] == [
        ("1588-6565", ("15886565", "6565"), ())
    ]
    assert settings.ring_rules() == (RingRule(name="three-rings", version=1, country="KR", limit=3),)
    assert (settings.web.host, settings.web.port, settings.language) == ("127.0.0.1", 9158, "ko")
    assert settings.ledger.shown_url == "sqlite:////home/centre/.local/state/callmonitor/ledger.sqlite3"
    assert settings.ledger.spool_dir == Path("/home/centre/.local/state/callmonitor/spool")


def test_the_ledger_follows_xdg_state_home() -> None:
    settings = load(environ={**HOME, "XDG_STATE_HOME": "/srv/state"})
    assert settings.ledger.shown_url == "sqlite:////srv/state/callmonitor/ledger.sqlite3"
    assert settings.ledger.spool_dir == Path("/srv/state/callmonitor/spool")


def test_flags_win_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, 'language = "en"\n[web]\nhost = "127.0.0.2"\nport = 9001\n')
    environ = {**HOME, "CALLMONITOR_WEB__PORT": "9002", "CALLMONITOR_LOG__LEVEL": "debug"}
    settings = load(path, {"log": {"level": "error"}}, environ)
    assert settings.language == "en"  # file over default ko
    assert settings.web.host == "127.0.0.2"  # file, untouched by the variable beside it
    assert settings.web.port == 9002  # environment over the file's 9001
    assert settings.log.level == "error"  # flag over the environment's debug


def test_a_variable_reaches_into_one_table_of_a_list(tmp_path: Path) -> None:
    path = write(tmp_path, ONE.replace('secret = "s3cret"\n', "") + ONE.replace("pbx1", "pbx2"))
    settings = load(path, environ={**HOME, "CALLMONITOR_ASTERISK__0__SECRET": "from-outside"})
    assert [(system.name, system.read_secret()) for system in settings.asterisk] == [
        ("pbx1", "from-outside"),
        ("pbx2", "s3cret"),
    ]


def test_variables_alone_can_describe_an_asterisk() -> None:
    environ = {
        **HOME,
        "CALLMONITOR_ASTERISK__0__NAME": "pbx1",
        "CALLMONITOR_ASTERISK__0__HOST": "10.0.0.5",
        "CALLMONITOR_ASTERISK__0__USERNAME": "monitor",
        "CALLMONITOR_ASTERISK__0__SECRET": "s3cret",
        "CALLMONITOR_ASTERISK__0__TLS": "true",
        "CALLMONITOR_LINE": '[{"name": "main", "patterns": ["6565"]}]',
        "CALLMONITOR_WEB__PORT": "",
        "CALLMONITOR_CONFIG": "/etc/callmonitor.toml",
        "CALLMONITOR_LAB": "/var/cache/lab",
    }
    settings = load(environ=environ)
    assert settings.asterisk[0].tls is True
    assert settings.asterisk[0].port == 5038
    assert settings.line[0].patterns == ("6565",)
    assert settings.web.port == 9158  # an empty variable sets nothing


def test_a_rule_is_handed_on_as_the_call_state_takes_it(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[[rule]]\nname = "charter"\nversion = 2\nholds_from = 2026-07-01\ncountry = "GB"\n'
        'limit = 4\nheadline = "before"\n',
    )
    assert load(path, environ=HOME).ring_rules() == (
        RingRule(
            name="charter",
            version=2,
            holds_from=date(2026, 7, 1),
            country="GB",
            limit=4,
            headline=Reading.BEFORE,
        ),
    )


def test_settings_are_frozen(tmp_path: Path) -> None:
    settings = load(write(tmp_path, ONE), environ=HOME)
    with pytest.raises(ValidationError):
        settings.web.port = 1
    with pytest.raises(ValidationError):
        settings.language = "en"


def test_the_secret_is_read_from_its_file_at_every_login(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("first\n", encoding="utf-8")
    path = write(tmp_path, ONE.replace('secret = "s3cret"', f'secret_file = "{secret}"'))
    system = load(path, environ=HOME).asterisk[0]
    assert system.read_secret() == "first"
    secret.write_text("second\n", encoding="utf-8")
    assert system.read_secret() == "second"


@pytest.mark.parametrize(
    ("given", "kept", "shown"),
    [
        (
            "postgresql://monitor:pa55word@db/calls",
            "postgresql+psycopg://monitor:pa55word@db/calls",
            "postgresql+psycopg://monitor:***@db/calls",
        ),
        ("postgres://db/calls", "postgresql+psycopg://db/calls", "postgresql+psycopg://db/calls"),
        ("sqlite:////var/lib/l.sqlite3", "sqlite:////var/lib/l.sqlite3", "sqlite:////var/lib/l.sqlite3"),
    ],
)
def test_a_ledger_url_is_given_its_driver(given: str, kept: str, shown: str) -> None:
    ledger = load(overrides={"ledger": {"url": given}}, environ=HOME).ledger
    assert ledger.url.get_secret_value() == kept
    assert ledger.shown_url == shown


def test_nothing_secret_is_printed(tmp_path: Path) -> None:
    path = write(tmp_path, ONE + '[ledger]\nurl = "postgresql://monitor:pa55word@db/calls"\n')
    settings = load(path, environ=HOME)
    for text in (repr(settings), str(settings), settings.model_dump_json(), settings.ledger.shown_url):
        assert "s3cret" not in text
        assert "pa55word" not in text


BAD_FILES = [
    # (what the file holds, the whole message behind its path)
    ("web = [\n", ": this is not TOML (Invalid value (at end of document)); correct that line."),
    ('langauge = "ko"\n', ", line 1: langauge is no setting; did you mean language?"),
    (ONE + "\n[web]\nprot = 1\n", ", line 8: web.prot is no setting; did you mean port?"),
    (
        "[zoo]\nlion = 1\n",
        ", line 1: zoo is no setting; remove it, or look it up in docs/settings.md.",
    ),
    (ONE + "port = 70000\n", ", line 6: asterisk[0].port is 70000 but must be at most 65535; correct it."),
    (ONE + 'port = "five"\n', ", line 6: asterisk[0].port is 'five' but must be a whole number; correct it."),
    (
        ONE + ONE.replace("pbx1", "pbx2") + "tls = 7\n",
        ", line 11: asterisk[1].tls is 7 but must be true or false; correct it.",
    ),
    (
        '[[asterisk]]\nname = "pbx1"\nusername = "m"\nsecret = "x"\n',
        ", line 1: asterisk[0].host is missing; add it, as docs/settings.md shows.",
    ),
    (ONE.replace('"pbx1"', '""'), ", line 2: asterisk[0].name must not be empty; correct it."),
    (ONE.replace('"s3cret"', "12345"), ", line 5: asterisk[0].secret must be text in quotes; correct it."),
    (
        ONE.replace('secret = "s3cret"\n', ""),
        ", line 1: asterisk[0] needs either secret or secret_file; give exactly one of them.",
    ),
    (
        ONE + 'secret_file = "/etc/s"\n',
        ", line 1: asterisk[0] needs either secret or secret_file; give exactly one of them.",
    ),
    (
        ONE.replace('"s3cret"', '"s3cret\\nEvents: off"'),
        ", line 1: asterisk[0] has a secret with a line end; write it on one line.",
    ),
    (
        ONE.replace('"monitor"', '"m\\r\\nAction: Logoff"'),
        ", line 4: asterisk[0].username holds a line end; write it on one line.",
    ),
    (ONE + 'auth = "sha1"\n', ", line 6: asterisk[0].auth is 'sha1' but must be 'md5' or 'plain'; correct it."),
    (
        ONE + 'tls_ca = "/etc/ca.pem"\n',
        ", line 1: asterisk[0] names tls_ca or tls_hostname without tls; set tls = true.",
    ),
    (ONE + 'tls = true\ntls_ca = "ca.pem"\n', ", line 7: asterisk[0].tls_ca is a relative path; write it from / on."),
    (
        ONE + "ping_timeout_seconds = 0\n",
        ", line 6: asterisk[0].ping_timeout_seconds is 0 but must be more than 0; correct it.",
    ),
    (
        ONE + "reconnect_min_seconds = 60\n",
        ", line 1: asterisk[0] has reconnect_min_seconds above reconnect_max_seconds; exchange them.",
    ),
    (ONE + ONE, ": two [[asterisk]] tables are called 'pbx1'; give each a name of its own."),
    ("line = []\n", ", line 1: line is empty; leave it out for the default or give at least one."),
    (
        '[[line]]\nname = "main"\npatterns = "6565"\n',
        ", line 3: line[0].patterns is '6565' but must be a list, in [brackets] or as [[tables]]; correct it.",
    ),
    ('[[rule]]\ncountry = "ZZ"\n', None),
    ("[[rule]]\nlimit = 0\n", ", line 2: rule[0].limit is 0 but must be at least 1; correct it."),
    (
        '[[rule]]\nholds_from = "soon"\n',
        ", line 2: rule[0].holds_from is 'soon' but must be a date such as 2026-01-31; correct it.",
    ),
    (
        '[[rule]]\nheadline = "exactly"\n',
        ", line 2: rule[0].headline is 'exactly' but must be 'within' or 'before'; correct it.",
    ),
    ("[[rule]]\n[[rule]]\n", ": two [[rule]] tables are called 'three-rings/1'; give each a name of its own."),
    (
        '[ledger]\nurl = "mysql://u:pa55word@db/x"\n',
        ", line 2: ledger.url names a database that is not supported; use sqlite:///… or postgresql://….",
    ),
    (
        '[ledger]\nurl = "pa55word"\n',
        ", line 2: ledger.url is no database URL; write sqlite:////path/ledger.sqlite3 or postgresql://….",
    ),
    (
        # An @ in the password that is not written %40: what follows is taken for host and port, and is not shown.
        '[ledger]\nurl = "postgresql://u:pa@55:word@db/x"\n',
        ", line 2: ledger.url is no database URL; write sqlite:////path/ledger.sqlite3 or postgresql://….",
    ),
    ('[ledger]\nspool_dir = "spool"\n', ", line 2: ledger.spool_dir is a relative path; write it from / on."),
    ("[log]\nlevel = 3\n", ", line 2: log.level is 3 but must be 'debug', 'info', 'warning' or 'error'; correct it."),
]


@pytest.mark.parametrize(("text", "message"), BAD_FILES)
def test_a_bad_file_is_told_in_one_sentence(tmp_path: Path, text: str, message: str | None) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path, environ=HOME)
    told = str(caught.value)
    if message is None:
        assert told.startswith(f"{path}, line 2: rule[0].country has no known ringing cadence; use one of AT, AU, ")
    else:
        assert told == f"{path}{message}"
    assert "s3cret" not in told
    assert "pa55word" not in told
    assert caught.value.__cause__ is None or "s3cret" not in str(caught.value.__cause__)


@pytest.mark.parametrize("zone", ["Asia/Busan", "Asia", "", "/etc/localtime"])
def test_a_time_zone_must_exist(tmp_path: Path, zone: str) -> None:
    path = write(tmp_path, f'timezone = "{zone}"\n')
    with pytest.raises(ConfigError) as caught:
        load(path, environ=HOME)
    assert str(caught.value) == f"{path}, line 1: timezone is no time zone; write a name such as Asia/Seoul."


def test_every_fault_of_a_file_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, 'language = "fr"\n[web]\nport = -1\n')
    with pytest.raises(ConfigError) as caught:
        load(path, environ=HOME)
    assert str(caught.value).splitlines() == [
        f"{path}, line 3: web.port is -1 but must be at least 0; correct it.",
        f"{path}, line 1: language is 'fr' but must be 'ko' or 'en'; correct it.",
    ]


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"CALLMONITOR_WEB__PORT": "x"},
            "environment variable CALLMONITOR_WEB__PORT: web.port is 'x' but must be a whole number; correct it.",
        ),
        (
            {"CALLMONITOR_WEBB__PORT": "1"},
            "environment variable CALLMONITOR_WEBB__PORT: webb is no setting; did you mean web?",
        ),
        (
            {"CALLMONITOR_LINE": "[{"},
            "environment variable CALLMONITOR_LINE: begins like JSON but is not; correct it or leave the bracket out.",
        ),
        (
            {"CALLMONITOR_ASTERISK__1__SECRET": "s3cret"},
            (
                "environment variable CALLMONITOR_ASTERISK__1__SECRET: there is no table number 1; "
                "they count from 0 without gaps."
            ),
        ),
        (
            {"CALLMONITOR_WEB": "x", "CALLMONITOR_WEB__PORT": "1"},
            "environment variable CALLMONITOR_WEB__PORT: another variable sets a value above it; remove one of them.",
        ),
    ],
)
def test_a_bad_variable_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(environ={**HOME, **environ})
    assert str(caught.value) == message


def test_a_bad_flag_is_told_as_one() -> None:
    with pytest.raises(ConfigError) as caught:
        load(overrides={"web": {"port": 99999}}, environ=HOME)
    assert str(caught.value) == "command line: web.port is 99999 but must be at most 65535; correct it."


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "none.toml", environ=HOME)
    assert str(caught.value) == (
        f"{tmp_path}/none.toml: there is no such file; copy deploy/callmonitor.toml.sample there, "
        "or name another with --config."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            None,
            (
                "secret_file of Asterisk 'pbx1' cannot be read (No such file or directory); "
                "let the user that runs callmonitor read it."
            ),
        ),
        (
            b"",
            (
                "secret_file of Asterisk 'pbx1' must hold one line; "
                "write the secret of manager.conf into it and nothing else."
            ),
        ),
        (
            b"s3cret\nmore\n",
            (
                "secret_file of Asterisk 'pbx1' must hold one line; "
                "write the secret of manager.conf into it and nothing else."
            ),
        ),
        (
            b"\xff\xfe",
            (
                "secret_file of Asterisk 'pbx1' cannot be read (it is not UTF-8); "
                "let the user that runs callmonitor read it."
            ),
        ),
    ],
)
def test_a_bad_secret_file_is_told(tmp_path: Path, content: bytes | None, message: str) -> None:
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_bytes(content)
    path = write(tmp_path, ONE.replace('secret = "s3cret"', f'secret_file = "{secret}"'))
    with pytest.raises(ConfigError) as caught:
        load(path, environ=HOME)
    assert str(caught.value) == f"{secret}: {message}"


def test_a_missing_certificate_file_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, ONE + f'tls = true\ntls_ca = "{tmp_path}/ca.pem"\n')
    with pytest.raises(ConfigError) as caught:
        load(path, environ=HOME)
    assert str(caught.value) == (
        f"{tmp_path}/ca.pem: tls_ca of Asterisk 'pbx1' does not exist; "
        "copy the certificate that signed Asterisk's there."
    )


def test_listening_needs_an_asterisk() -> None:
    with pytest.raises(ConfigError, match=r"^No Asterisk is configured; add an \[\[asterisk\]\] table"):
        load(environ=HOME).require_asterisk()


def test_the_sample_is_accepted_and_shows_every_setting(tmp_path: Path) -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    secret = tmp_path / "secret"
    secret.write_text("x\n", encoding="utf-8")
    path = write(tmp_path, text.replace("/etc/callmonitor/ami.secret", str(secret)))
    settings = load(path, environ=HOME)
    assert settings.asterisk[0] == AsteriskSettings(
        name="pbx1", host="127.0.0.1", username="callmonitor", secret_file=secret
    )
    # Apart from the Asterisk, an untouched sample changes nothing.
    assert settings.model_copy(update={"asterisk": ()}) == load(environ=HOME)
    documented = (SAMPLE.parents[1] / "docs" / "settings.md").read_text(encoding="utf-8")
    for section, names in keys().items():
        for name in names:
            shown = (f"{name} = ", f"[{name}]", f"[{section}.{name}]")
            assert any(each in text for each in shown), f"{section}.{name} is not in the sample"
            assert f"`{name}`" in documented or f"`[[{name}]]`" in documented or f"`[{name}]`" in documented, (
                f"{section}.{name} is not in docs/settings.md"
            )


def test_made_directly_the_settings_read_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLMONITOR_LANGUAGE", "en")
    assert Settings().language == "ko"
