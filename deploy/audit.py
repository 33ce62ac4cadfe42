# noqa: INP001 - a script that make runs, no package
"""What goes into an installation, and whether anything in it is known to be weak: `make audit`.

Builds the wheel twice, in two places, and compares the two byte for byte; installs it as a user does, by
constraints.txt; lists what is installed then as a CycloneDX bill of materials; and asks pip-audit whether any of it has
a known weakness. Where its database cannot be reached that is said, and is no failure: nothing was found out.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
SBOM = BUILD / "sbom.cdx.json"
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "monitor")
"""All that a wheel is made of."""
KNOWN_TO_BE_WEAK = "jinja2==2.10"
"""Its sandbox can be left (CVE-2019-10906)."""
TOLD = 20
"""Of what is wrong, so much is told."""
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


class AuditError(Exception):
    """Something is not as it should be."""


def call(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program; its output is kept."""
    return subprocess.run(  # noqa: S603 - programs of the audit's own environment
        [str(part) for part in command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        # setuptools writes rights into a wheel as it finds them.
        umask=0o022,
    )


def needed(*command: str | Path, **environment: str) -> str:
    """Run a program that must succeed, and give what it printed."""
    done = call(*command, **environment)
    if done.returncode:
        raise AuditError(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def source_date() -> str:
    """The instant all files of a wheel are dated with: that of the last commit, in seconds since 1970."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return given
    done = call("git", "-C", ROOT, "log", "-1", "--format=%ct")
    # The earliest that a ZIP can hold, where there is no history.
    return done.stdout.strip() or "315532800"


def copied(place: Path, root: Path = ROOT) -> Path:
    """The sources in another place, with rights that depend on nobody's umask."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in SOURCES:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=LEFT_OUT)
        else:
            shutil.copy(source, place / name)
    for path in place.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return place


def built(place: Path, *command: str | Path) -> Path:
    """The wheel that is built there.

    Args:
        place: where the sources are.
        command: builds a wheel of the folder that is its last argument, into the one before it.
    """
    out = place / "dist"
    needed(*command, out, place, SOURCE_DATE_EPOCH=source_date())
    (wheel,) = out.glob("*.whl")
    return wheel


def difference(one: Path, other: Path) -> list[str]:
    """What differs between two wheels, member by member; nothing where they are the same to the byte."""
    if one.name == other.name and one.read_bytes() == other.read_bytes():
        return []
    with zipfile.ZipFile(one) as first, zipfile.ZipFile(other) as second:
        infos = [{info.filename: info for info in archive.infolist()} for archive in (first, second)]
        names = sorted({*infos[0], *infos[1]})
        told = [
            name
            for name in names
            if name not in infos[0]
            or name not in infos[1]
            or first.read(name) != second.read(name)
            or infos[0][name].date_time != infos[1][name].date_time
            or infos[0][name].external_attr != infos[1][name].external_attr
        ]
    return told or ["the order or the compression of the members"]


def installed(wheel: Path, place: Path) -> Path:
    """The Python of an environment that holds what a user has who installs the wheel, and no more."""
    shutil.rmtree(place, ignore_errors=True)
    needed(sys.executable, "-m", "venv", "--without-pip", place)
    python = place / "bin" / "python"
    needed(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check"),
        *("--constraint", ROOT / "constraints.txt", wheel),
    )
    return python


def normal(name: str) -> str:
    """A package's name in one spelling.

    **Source:** PEP 503.
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned() -> dict[str, str]:
    """What constraints.txt names, by name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("#")[0].strip().partition("==") for line in lines)
    return {normal(name): version for name, separator, version in pairs if separator}


def bill(python: Path) -> dict[str, str]:
    """Write the bill of materials, and give what it lists, by name."""
    tools = Path(sys.executable).parent
    needed(
        *(tools / "cyclonedx-py", "environment", "--output-reproducible", "--validate", "--of", "JSON"),
        *("--pyproject", ROOT / "pyproject.toml", "-o", SBOM, python),
        SOURCE_DATE_EPOCH=source_date(),
    )
    document = json.loads(SBOM.read_text(encoding="utf-8"))
    return {normal(one["name"]): one["version"] for one in document["components"]}


def astray(listed: dict[str, str], present: dict[str, str], known: dict[str, str]) -> list[str]:
    """Where the bill, the installation and constraints.txt do not agree."""
    return [
        *(f"{name} is installed and not in the bill" for name in sorted(present.keys() - listed.keys())),
        *(f"{name} is in the bill and not installed" for name in sorted(listed.keys() - present.keys())),
        *(
            f"{name} is {version} in the bill, and {known.get(name, 'nothing')} in constraints.txt"
            for name, version in sorted(listed.items())
            if known.get(name) != version
        ),
    ]


def asked(*what: str | Path) -> tuple[dict[str, list[str]], str]:
    """Known weaknesses by package, and why some could not be asked for; empty where all could.

    Args:
        what: options of pip-audit that say which packages.
    """
    tool = Path(sys.executable).with_name("pip-audit")
    done = call(tool, *what, "--format", "json", "--progress-spinner", "off", "--timeout", "10")
    try:
        report = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = [line.strip() for line in done.stderr.splitlines() if line.strip()][-1:]
        return {}, last[0] if last else f"pip-audit ended with {done.returncode} and said nothing"
    skipped = [one["name"] for one in report if "skip_reason" in one and one["name"] != "callmonitor"]
    found = {
        f"{one['name']} {one['version']}": [
            f"{each['id']}, mended in {', '.join(each['fix_versions']) or 'no release yet'}" for each in one["vulns"]
        ]
        for one in report
        if one.get("vulns")
    }
    return found, f"it does not know {len(skipped)} packages, {skipped[0]} among them" if skipped else ""


def weaknesses(python: Path, work: Path) -> tuple[dict[str, list[str]], str]:
    """The same of all that is installed.

    A mirror may answer that it knows of nothing because it knows nothing: so first it is asked for what is known.
    """
    sample = work / "known-to-be-weak.txt"
    sample.write_text(f"{KNOWN_TO_BE_WEAK}\n", encoding="ascii")
    found, reason = asked("--requirement", sample, "--no-deps", "--disable-pip")
    if not found:
        return {}, reason or f"it has nothing about {KNOWN_TO_BE_WEAK}, which everybody knows to be weak"
    folder = needed(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    return asked("--path", folder)


def none_of(wrong: list[str], sentence: str) -> None:
    """Raise what the sentence says, where there is anything of it."""
    if wrong:
        more = f" and {len(wrong) - TOLD} more" if len(wrong) > TOLD else ""
        raise AuditError(f"{sentence}: {'; '.join(wrong[:TOLD])}{more}.")


def tools() -> list[str]:
    """What pyproject.toml names as the audit's own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["optional-dependencies"]["audit"])


def main() -> int:
    """Do all of it, and say what came out."""
    if sys.argv[1:] == ["--tools"]:
        print(*tools())  # noqa: T201
        return 0
    work = BUILD / "audit"
    builder = (sys.executable, "-m", "build", "--wheel", "--outdir")
    try:
        # Once: a commit in between would date the second one anew.
        os.environ["SOURCE_DATE_EPOCH"] = source_date()
        here = copied(work / "here")
        another = copied(work / "another-place", here)
        one, other = built(here, *builder), built(another, *builder)
        none_of(difference(one, other), "Two builds of one source differ in")
        digest = hashlib.sha256(one.read_bytes()).hexdigest()
        print(f"wheel     {one.name}, built twice: the same to the byte, SHA-256 {digest}")  # noqa: T201 - a script's output
        python = installed(one, work / "installed")
        names = (
            "import importlib.metadata as m, json; print(json.dumps([[d.name, d.version] for d in m.distributions()]))"
        )
        present = {normal(name): version for name, version in json.loads(needed(python, "-c", names))}
        present.pop("callmonitor")
        listed = bill(python)
        listed.pop("callmonitor", None)
        none_of(astray(listed, present, pinned()), "The bill of materials is not right")
        print(f"bill      {SBOM.relative_to(ROOT)}: {len(listed)} packages, each as constraints.txt names it")  # noqa: T201
        weak, unasked = weaknesses(python, work)
    except AuditError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    if unasked:
        print(f"pip-audit could not ask its database, so nothing is known of weaknesses: {unasked}.")  # noqa: T201
    for package, known in weak.items():
        print(f"pip-audit {package}: {'; '.join(known)}")  # noqa: T201
    if not weak and not unasked:
        print("pip-audit knows of no weakness in any of them")  # noqa: T201
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
