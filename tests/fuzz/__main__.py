"""`make fuzz`: every target for so many seconds, side by side, guided by what each input reaches.

    python -m tests.fuzz [SECONDS]             all of them, each in a process of its own
    python -m tests.fuzz TARGET SECONDS        one of them, in this process

Run by the Python of an environment that has atheris; where it has none, inputs are drawn without guidance. What is
reached is kept in build/fuzz/TARGET and begun with the next time; an input that breaks something stays in
build/fuzz/broken, and is to be put into tests/fuzz/findings/TARGET once the reader is mended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

BUILD = Path(__file__).parents[2] / "build" / "fuzz"
BROKEN = BUILD / "broken"
MOST_BYTES = 20_000
_MORE_SECONDS = 600
"""How much longer a process may take to start, to watch what it loads, and to end."""


def main(arguments: list[str]) -> int:
    """Run all targets, or the one that is named; 0 where nothing broke."""
    if arguments and not arguments[0].isdigit():
        return one(arguments[0], int(arguments[1]))
    seconds = int(arguments[0]) if arguments else 60
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - one target loads it instrumented

    BROKEN.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as executor:
        codes = list(executor.map(lambda name: apart(name, seconds), TARGETS))
    broken = [name for name, code in zip(TARGETS, codes, strict=True) if code]
    print(f"broken: {', '.join(broken)}; see {BROKEN}" if broken else "nothing broke")  # noqa: T201 - for a person
    return 1 if broken else 0


def apart(name: str, seconds: int) -> int:
    """One target in a process of its own; its words go to a file, of which the end is shown."""
    log = BUILD / f"{name}.log"
    command = [sys.executable, "-m", "tests.fuzz", name, str(seconds)]
    with log.open("wb") as out:
        try:
            code = subprocess.run(
                command, stdout=out, stderr=out, check=False, timeout=seconds + _MORE_SECONDS
            ).returncode
        except subprocess.TimeoutExpired:
            print(f"{name}: it did not come to its end", flush=True)  # noqa: T201 - for a person
            code = 1
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    print(f"{name}: {'BROKEN' if code else 'holds'}; {lines[-1] if lines else ''}", flush=True)  # noqa: T201 - as above
    return code


def one(name: str, seconds: int) -> int:
    """One target in this process."""
    corpus = BUILD / name
    corpus.mkdir(parents=True, exist_ok=True)
    BROKEN.mkdir(parents=True, exist_ok=True)
    try:
        import atheris  # noqa: PLC0415 - it is there in the environment of `make fuzz` alone
    except ImportError:
        return unguided(name, seconds)
    with atheris.instrument_imports(include=["monitor"]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - what it loads is to be watched
    target = TARGETS[name]
    for example in target.corpus():
        (corpus / sha256(example).hexdigest()[:16]).write_bytes(example[:MOST_BYTES])
    words = BUILD / f"{name}.dict"
    words.write_text("".join(f'"{escaped(word)}"\n' for word in target.words), encoding="ascii")
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={MOST_BYTES}",
        f"-artifact_prefix={BROKEN / name}.",
        f"-dict={words}",
        "-timeout=20",
        "-rss_limit_mb=1024",
        "-print_final_stats=1",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *options], target.fuzz)
    atheris.Fuzz()
    return 0


def escaped(word: bytes) -> str:
    """A word as libFuzzer's dictionaries have it."""
    return "".join(f"\\x{byte:02x}" for byte in word)


def unguided(name: str, seconds: int) -> int:
    """One target without atheris."""
    from tests.fuzz.mutation import mutations  # noqa: PLC0415 - as above
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415

    until, tried = time.monotonic() + seconds, 0
    for data in mutations(TARGETS[name], seed=time.time_ns()):
        try:
            TARGETS[name].fuzz(data)
        except BaseException:
            (BROKEN / f"{name}.{sha256(data).hexdigest()[:16]}").write_bytes(data)
            raise
        tried += 1
        if time.monotonic() > until:
            break
    print(f"{tried} inputs, without guidance")  # noqa: T201 - for a person
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
