"""The program `callmonitor-agi`: Asterisk runs it by `AGI(…)` and speaks with it by its standard input and output.

    same => n,AGI(/opt/callmonitor-agi/bin/callmonitor-agi,/etc/callmonitor/agi.toml)

It sets the channel variable `CALLMONITOR_CONSENT` to `yes` or `no` and reports the same to monitors by
`UserEvent(TransferConsent,Consent: …)`. In every other case (silence, wrong keys, a caller who hung up, a file that is
missing) the variable stays empty, nothing is reported, and the dialplan goes on with the call.

**Source:** Asterisk, `res/res_agi.c`: commands and answers by line, SIGHUP when the caller hangs up.
"""

from __future__ import annotations

import io
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.agi.asking import ask
from monitor.agi.settings import AgiSettingsError, Settings, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asterisk.agi import AGI

VARIABLE = "CALLMONITOR_CONSENT"
DEFAULT_FILE = Path("/etc/callmonitor/agi.toml")
USAGE = (
    f"usage: callmonitor-agi [--check] [FILE], run by Asterisk's AGI(); FILE is {DEFAULT_FILE} where none is named\n"
)
_UNSAFE = re.compile(r'["\\\x00-\x1f]')
"""What would end the quoted argument of an AGI command, and begin another."""


class _Nowhere(io.TextIOBase):
    """Where pyst2 writes every line it hears, callers' numbers among them."""

    def write(self, _text: str) -> int:
        return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask the caller of the channel that Asterisk runs this for; return the exit status.

    0 where all was done that could be, also where the caller hung up; 1 where something is wrong with the
    installation; 2 where Asterisk did not start it.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    checking = words[:1] == ["--check"]
    names = words[1:] if checking else words
    if len(names) > 1 or any(name.startswith("-") for name in names):
        sys.stderr.write(USAGE)
        return 2
    path = Path(names[0]) if names else DEFAULT_FILE
    return _check(path) if checking else _serve(path)


def _serve(path: Path) -> int:
    # Whatever hangs, the caller does not hang with it: this ends the program, and the dialplan goes on.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(Settings().limit_seconds)
    try:
        from asterisk import agi as pyst2  # noqa: PLC0415 - where it is missing, that is told in a sentence
    except ImportError:
        sys.stderr.write("callmonitor-agi: pyst2 is not installed here; see docs/consent.md for how it is\n")
        return 1
    # A caller's name is whatever bytes the far end sent.
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]  # the true stdin has it
    telephone = pyst2.AGI(sys.stdin, sys.stdout, _Nowhere())
    if "agi_extension" not in telephone.env:
        sys.stderr.write(USAGE)
        return 2
    try:
        return _run(telephone, path)
    except (pyst2.AGIHangup, OSError):
        return 0
    except (pyst2.AGIException, ValueError) as error:
        # pyst2 says by ValueError that an answer was none of AGI's.
        sys.stderr.write(f"callmonitor-agi: Asterisk refused a command ({type(error).__name__}); its log says which\n")
        return 1


def _check(path: Path) -> int:
    try:
        settings = read(path)
    except AgiSettingsError as error:
        sys.stderr.write(f"callmonitor-agi: {error}\n")
        return 1
    sys.stdout.write(f"{path} is in order: {len(settings.departments)} departments\n")
    return 0


def _run(telephone: AGI, path: Path) -> int:
    from asterisk.agi import AGIAppError, AGIHangup  # noqa: PLC0415 - found by main()

    # The caller may have been asked before, in an earlier transfer of this call.
    telephone.set_variable(VARIABLE, "")
    try:
        settings = read(path)
    except AgiSettingsError as error:
        _complain(telephone, str(error))
        return 1
    signal.alarm(settings.limit_seconds)
    extension = telephone.env["agi_extension"]
    try:
        agreed = ask(telephone, settings, extension)
    except AGIHangup:
        raise
    except AGIAppError:
        # Asterisk answers alike where a sound cannot be played and where the caller hung up; the latter takes no more.
        names = ", ".join(settings.sounds(extension))
        _complain(telephone, f"a sound could not be played, so the caller was not asked; see that there are {names}")
        return 1
    if agreed is None:
        return 0
    word = "yes" if agreed else "no"
    telephone.set_variable(VARIABLE, word)
    telephone.appexec("UserEvent", f"TransferConsent,Consent: {word}")
    return 0


def _complain(telephone: AGI, sentence: str) -> None:
    """Write to Asterisk's own log, where operators look."""
    telephone.appexec("Log", f"ERROR,callmonitor-agi: {_UNSAFE.sub(' ', sentence)}")


if __name__ == "__main__":
    sys.exit(main())
