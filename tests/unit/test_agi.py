"""The AGI program, run as Asterisk runs it: the test speaks Asterisk's part of the protocol over its pipes.

`tests/lab/test_consent.py` has a real Asterisk do so.
"""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import monitor.agi
from monitor.agi.settings import AgiSettingsError, Settings, read

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "deploy" / "asterisk" / "callmonitor-agi.toml.sample"
HEARD = {
    "agi_request": "callmonitor-agi",
    "agi_channel": "PJSIP/trunk-00000001",
    "agi_callerid": "0212345678",
    "agi_extension": "202",
}
DONE = "200 result=1"
SILENT = "200 result=0 endpos=8000"
NO_KEY = "200 result=0"
GONE = "200 result=-1 endpos=400"
TOML = 'answer_seconds = 2.5\n[[department]]\nextensions = ["_2XX"]\nsound = "callmonitor/qualification"\n'
CLEARED = 'SET VARIABLE "CALLMONITOR_CONSENT" ""'
KEYS = '"0123456789*#" 0'
SAYS = [
    f"STREAM FILE callmonitor/intro {KEYS}",
    f"STREAM FILE callmonitor/qualification {KEYS}",
    f"STREAM FILE callmonitor/reason {KEYS}",
    f"STREAM FILE callmonitor/question {KEYS}",
]
WAITS = "WAIT FOR DIGIT 2500"


def key(digit: str) -> str:
    """Asterisk tells a key by its character's number."""
    return f"200 result={ord(digit)}"


def spoken(answers: Sequence[str], heard: dict[str, str] | None = None) -> bytes:
    """What Asterisk writes to the program: the channel's variables, then its answers."""
    lines = [f"{name}: {value}" for name, value in (HEARD if heard is None else heard).items()]
    return "\n".join([*lines, "", *answers, ""]).encode()


def run(
    arguments: Sequence[str], said: bytes = b"", *, python: Sequence[str] = ()
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, *python, "-m", "monitor.agi", *arguments]
    return subprocess.run(command, input=said, capture_output=True, cwd=ROOT, check=False, timeout=30)


def commands(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    return done.stdout.decode().splitlines()


@pytest.fixture(scope="module")
def toml(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("agi") / "agi.toml"
    path.write_text(TOML, encoding="utf-8")
    return str(path)


def told(word: str) -> list[str]:
    return [
        f'SET VARIABLE "CALLMONITOR_CONSENT" "{word}"',
        f'EXEC UserEvent "TransferConsent,Consent: {word}"',
    ]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        # 1 and 2 after the question, and while a sound is being said.
        ([SILENT] * 4 + [key("1"), DONE, "200 result=0"], [*SAYS, WAITS, *told("yes")]),
        ([SILENT, key("2"), DONE, "200 result=0"], [*SAYS[:2], *told("no")]),
        # Silence: nothing is said again, and nothing reported.
        ([SILENT] * 4 + [NO_KEY], [*SAYS, WAITS]),
        # A wrong key: the question again; then an answer, silence, or another wrong key, which is the end.
        ([SILENT] * 4 + [key("5"), SILENT, key("1"), DONE, DONE], [*SAYS, WAITS, SAYS[3], WAITS, *told("yes")]),
        ([key("#"), SILENT, NO_KEY], [SAYS[0], SAYS[3], WAITS]),
        ([key("5"), key("7")], [SAYS[0], SAYS[3]]),
    ],
    ids=["yes", "no_meanwhile", "silence", "wrong_then_yes", "wrong_then_silence", "wrong_twice"],
)
def test_what_keys_come_to(toml: str, answers: list[str], expected: list[str]) -> None:
    done = run([toml], spoken([DONE, *answers]))
    assert commands(done) == [CLEARED, *expected]
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("answers", "complains"),
    [
        # No sound of that name: the channel is still there, and takes a command.
        ([DONE, GONE, DONE], True),
        # The caller hung up: it takes none.
        ([DONE, GONE, "511 Command Not Permitted on a dead channel or intercept routine"], True),
        ([DONE, SILENT, "200 result=-1 (hangup)"], False),
        # Asterisk itself is gone, or says what no AGI says.
        ([DONE], False),
        ([DONE, "HANGUP"], False),
        ([DONE, "510 Invalid or unknown command"], False),
    ],
    ids=["no_sound", "hung_up", "hung_up_and_told", "asterisk_gone", "word", "refused"],
)
def test_nothing_is_reported_where_something_is_wrong(toml: str, answers: list[str], *, complains: bool) -> None:
    done = run([toml], spoken(answers))
    assert not any("TransferConsent" in line or '"yes"' in line or '"no"' in line for line in commands(done))
    assert any(line.startswith('EXEC Log "ERROR,callmonitor-agi: ') for line in commands(done)) is complains
    assert b"0212345678" not in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr


def test_a_number_without_a_department_and_one_with_a_reason_of_its_own() -> None:
    sample = read(SAMPLE)
    common = ("callmonitor/intro", "callmonitor/reason", "callmonitor/question")
    assert sample.sounds("900") == (common[0], "callmonitor/department", *common[1:])
    assert sample.sounds("212") == (common[0], "callmonitor/department-qualification", *common[1:])
    assert sample.sounds("315") == (
        common[0],
        "callmonitor/department-benefits",
        "callmonitor/reason-benefits",
        common[2],
    )


def test_the_sample_says_what_holds_without_it() -> None:
    """Every setting of the sample is its default, but for the departments, which are the centre's own."""
    sample = read(SAMPLE)
    assert {name: getattr(sample, name) for name in Settings.__slots__ if name != "departments"} == {
        name: getattr(Settings(), name) for name in Settings.__slots__ if name != "departments"
    }


def test_a_callers_name_may_be_any_bytes(toml: str) -> None:
    name = spoken([DONE, key("1"), DONE, DONE], {**HEARD, "agi_calleridname": "X"}).replace(b"X", b"\xed\x99\xff\xb8")
    assert commands(run([toml], name)) == [CLEARED, SAYS[0], *told("yes")]


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    """Asterisk answers nothing for longer than `limit_seconds`: the program goes, and the dialplan with the call on."""
    path = tmp_path / "agi.toml"
    path.write_text("limit_seconds = 1\n", encoding="utf-8")
    command = [sys.executable, "-m", "monitor.agi", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin is not None
        process.stdin.write(spoken([DONE]))
        process.stdin.flush()
        assert process.wait(20) == -signal.SIGALRM


def test_settings_that_are_missing_are_told_to_asterisks_log() -> None:
    done = run(["/nowhere/agi.toml"], spoken([DONE, DONE]))
    assert done.returncode == 1
    assert commands(done)[1:] == [
        (
            'EXEC Log "ERROR,callmonitor-agi: /nowhere/agi.toml cannot be read (No such file or directory); '
            "name the file as AGI's argument\""
        )
    ]


def test_without_pyst2_it_says_so_and_the_call_goes_on() -> None:
    """`-S` leaves Python with its standard library, which is all else the program needs to come this far."""
    done = run([], spoken([DONE]), python=("-S",))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"callmonitor-agi: pyst2 is not installed here; see docs/consent.md for how it is\n"


@pytest.mark.parametrize("arguments", [["--help"], ["a", "b"], ["--check", "a", "b"]])
def test_other_arguments_are_answered_with_how_it_is_used(arguments: list[str]) -> None:
    done = run(arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(b"usage: callmonitor-agi ")


def test_started_by_hand_it_says_that_asterisk_starts_it() -> None:
    done = run([])
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"usage: callmonitor-agi ")


def test_settings_are_checked_by_hand(toml: str) -> None:
    done = run(["--check", toml])
    assert (done.returncode, done.stdout.decode()) == (0, f"{toml} is in order: 1 departments\n")
    done = run(["--check", "/nowhere/agi.toml"])
    assert done.returncode == 1
    assert done.stderr.startswith(b"callmonitor-agi: /nowhere/agi.toml cannot be read")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("intro = ", "is no TOML file: "),
        (
            "into = 'a'",
            "into is no setting; known are answer_seconds, department_sound, intro, limit_seconds, question",
        ),
        ("intro = 'two words'", "intro is no sound file; write its name without spaces and ending"),
        ("reason = 3", "reason is no sound file; "),
        ("tries = 0", "tries is not a whole number from 1 to 5"),
        ("tries = 2.0", "tries is not a whole number from 1 to 5"),
        ("tries = true", "tries is not a whole number from 1 to 5"),
        ("answer_seconds = 'long'", "answer_seconds is not a number from 0.5 to 60.0"),
        ("limit_seconds = 0", "limit_seconds is not a whole number from 1 to 600"),
        ("department = 3", "department is no table; write [[department]]"),
        ("[[department]]\nsound = 'a'", "department.extensions is no list of patterns; write one, as in "),
        ("[[department]]\nextensions = []\nsound = 'a'", "department.extensions is no list of patterns; "),
        ("[[department]]\nextensions = ['202']", "the department of '202' has no sound; "),
        ("[[department]]\nextensions = ['_[9-2]X']\nsound = 'a'", "department.extensions holds a pattern "),
        ("[[department]]\nextensions = ['202']\nsound = 'a b'", "department.sound is no sound file; "),
        ("[[department]]\nextensions = ['202']\nsound = 'a'\nname = 'b'", "department.name is no setting; "),
    ],
)
def test_what_is_wrong_in_the_settings_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "agi.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AgiSettingsError) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_the_pbx_needs_pyst2_and_these_files_alone() -> None:
    folder = Path(monitor.agi.__file__).parent
    ours = {"monitor.agi.asking", "monitor.agi.settings", "monitor.errors", "monitor.calls.lines"}
    files = [*folder.glob("*.py"), folder.parent / "errors.py", folder.parent / "calls" / "lines.py"]
    files += [folder.parent / "__init__.py", folder.parent / "calls" / "__init__.py"]
    for path in files:
        foreign = {name for name in imported(path) if name.partition(".")[0] not in sys.stdlib_module_names}
        assert foreign <= ours | {"asterisk", "asterisk.agi"}, path


def test_pyst2_and_asterisk_ami_stand_side_by_side() -> None:
    """Both bring asterisk/__init__.py; whichever is there, the modules of both are found (docs/decisions.md)."""
    done = subprocess.run(
        [sys.executable, "-c", "import asterisk.agi, asterisk.ami; print(asterisk.ami.AMIClient, asterisk.agi.AGI)"],
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
