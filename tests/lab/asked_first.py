"""What a laboratory Asterisk needs to ask callers: the program as it stands on a PBX, and sounds in Korean."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from asterisk import agi as pyst2

import monitor

if TYPE_CHECKING:
    from .asterisk import Asterisk

OF_THE_PACKAGE = ("__init__.py", "errors.py", "agi", "calls/__init__.py", "calls/lines.py")
"""All that stands on the PBX, beside pyst2 and six."""

SOUNDS = {
    "intro": "다른 직원에게 연결해 드리고자 합니다.",
    "department": "연결할 곳은 자격부과부입니다.",
    "reason": "그곳의 확인이 필요합니다.",
    "question": "동의하시면 1번, 아니면 2번을 눌러 주십시오.",
}
WORDS_A_MINUTE = "450"
"""Said faster than to a caller: the laboratory waits for it."""

WRAPPER = """#!/bin/sh
# In place of the console script that pip writes.
here=$(dirname "$0")
PYTHONPATH="$here/python" exec python3 -m monitor.agi "$here/$1"
"""


def install(asterisk: Asterisk) -> None:
    """Put program, settings and sounds into the folder of an Asterisk that has not started yet."""
    programs = asterisk.folder / "lib"
    python = programs / "python"
    for name in OF_THE_PACKAGE:
        copy(Path(monitor.__file__).parent / name, python / "monitor" / name)
    copy(Path(pyst2.__file__), python / "asterisk" / "agi.py")
    copy(Path(pyst2.__file__).with_name("__init__.py"), python / "asterisk" / "__init__.py")
    six = importlib.util.find_spec("six")
    assert six is not None
    assert six.origin is not None
    copy(Path(six.origin), python / "six.py")
    wrapper = programs / "callmonitor-agi"
    wrapper.write_text(WRAPPER, encoding="ascii")
    wrapper.chmod(0o755)
    sounds = programs / "sounds"
    sounds.mkdir()
    for name, text in SOUNDS.items():
        speak(text, sounds / f"{name}.wav")
    inside = "/" + str(sounds.relative_to(asterisk.tree))
    (programs / "agi.toml").write_text(
        f'intro = "{inside}/intro"\nreason = "{inside}/reason"\nquestion = "{inside}/question"\n'
        f'answer_seconds = 1.0\n[[department]]\nextensions = ["_2XX"]\nsound = "{inside}/department"\n',
        encoding="utf-8",
    )


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, making the folders above it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


def speak(text: str, path: Path) -> None:
    """Make a sound file as Asterisk plays it: 8,000 samples of 16 bits a second."""
    spoken = path.with_suffix(".espeak.wav")
    subprocess.run(["espeak-ng", "-v", "ko", "-s", WORDS_A_MINUTE, "-w", str(spoken), text], check=True)
    subprocess.run(["sox", str(spoken), "-r", "8000", "-c", "1", "-b", "16", str(path)], check=True)
    spoken.unlink()
