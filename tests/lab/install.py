"""Install the laboratory: a real Asterisk 22 in a folder of its own, and SIPp.

`make lab` runs this file as root on Debian. It installs the Debian packages the laboratory needs (SIPp to
play callers and phones, debootstrap, Prometheus with promtool, Alertmanager, PostgreSQL, Chromium with a font for
Hangul; systemd and Docker Compose, which judge the files in deploy/; Poppler, which reads reports in PDF, and
LibreOffice, which computes their workbooks) and unpacks a small newer Debian with Asterisk into a cache folder outside
the checkout, `~/.cache/callmonitor/lab` unless the environment variable `CALLMONITOR_LAB` names another. Nothing of
that Asterisk runs on the machine itself: `tests/lab/asterisk.py` starts it inside the folder, on loopback ports.
Running the installer again does nothing when all is in place.

Only the standard library is used, so that it runs before anything else is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SUITE = "forky"
"""The Debian release that carries Asterisk 22; the stable one of Debian 12 carries none."""

RECIPE = "3"
"""Raised when this file changes what it puts into the tree, so that older trees are built anew."""

HOST_PROGRAMS = {
    "debootstrap": "debootstrap",
    "sipp": "sip-tester",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
    "chromium": "chromium",
    "gpgv": "gpgv",
    "openssl": "openssl",
    "pg_createcluster": "postgresql",
    "systemd-analyze": "systemd",
    "ip": "iproute2",
    "zstdgrep": "zstd",
    "docker-compose": "docker-compose",
    "soffice": "libreoffice-calc-nogui",
    "pdffonts": "poppler-utils",
    "pdfinfo": "poppler-utils",
    "pdftoppm": "poppler-utils",
    "pdftotext": "poppler-utils",
    "espeak-ng": "espeak-ng",
    "sox": "sox",
}
"""What must be found on the machine, and the Debian package that brings it."""

HOST_FILES = {"/usr/share/fonts/truetype/nanum/NanumGothic.ttf": "fonts-nanum"}
"""The same for what is no program: without a font for Hangul the browser would measure and draw empty boxes."""

TREE_PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm", "python3")
"""Python runs the AGI program beside Asterisk, as on a PBX."""


class LabInstallError(Exception):
    """The laboratory cannot be installed here; the message says why and what to do next."""


def cache_folder() -> Path:
    """Return the folder that holds the laboratory between runs."""
    named = os.environ.get("CALLMONITOR_LAB")
    return Path(named) if named else Path.home() / ".cache" / "callmonitor" / "lab"


def tree_folder() -> Path:
    """Return the root folder of the Debian that holds Asterisk."""
    return cache_folder() / "tree"


def missing_reason() -> str | None:
    """Say in one sentence why the laboratory cannot be used now, or return None when it can."""
    if os.geteuid() != 0:
        return "the laboratory needs root, since it runs Asterisk inside a folder with chroot"
    if not stamp_is_current(tree_folder()):
        return f"no Asterisk in {cache_folder()}; run `make lab` as root on Debian"
    absent = sorted(name for name in HOST_PROGRAMS if name != "gpgv" and shutil.which(name) is None)
    absent += [name for name in HOST_FILES if not Path(name).is_file()]
    if absent:
        return f"{', '.join(absent)} not found; run `make lab` as root on Debian"
    return None


def stamp_is_current(tree: Path) -> bool:
    """Tell whether a tree was finished by this recipe."""
    stamp = tree / "callmonitor-lab-recipe"
    return stamp.is_file() and stamp.read_text(encoding="ascii").split("\n")[0] == RECIPE


def run(command: list[str], *, extra_environment: dict[str, str] | None = None) -> None:
    """Run a command, showing what it prints.

    Raises:
        LabInstallError: it ended with another status than 0.
    """
    say(" ".join(command))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", **(extra_environment or {})}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise LabInstallError(f"`{' '.join(command)}` ended with status {done.returncode}; its own words stand above")


def output_of(command: list[str]) -> str:
    """Return what a command prints, or an empty text where it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def check_machine() -> None:
    """Refuse a machine that this recipe cannot work on.

    Raises:
        LabInstallError: not root, or not a Debian.
    """
    if not Path("/etc/debian_version").is_file() or shutil.which("apt-get") is None:
        raise LabInstallError("the laboratory is installed with Debian's own tools; use a Debian machine or container")
    if os.geteuid() != 0:
        raise LabInstallError("the laboratory is installed as root; run `sudo make lab`")


def install_host_packages() -> None:
    """Install the Debian packages whose programs are not found on the machine."""
    wanted = {package for program, package in HOST_PROGRAMS.items() if shutil.which(program) is None}
    packages = sorted(wanted | {package for name, package in HOST_FILES.items() if not Path(name).is_file()})
    if not packages:
        return
    run(["apt-get", "update"])
    # A service that came with a package must not start: the laboratory starts its own, on free ports.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        forbid_services(policy)
    try:
        run(["apt-get", "install", "-y", "--no-install-recommends", *packages])
    finally:
        if ours:
            policy.unlink()


def forbid_services(policy: Path) -> None:
    """Write the file by which Debian packages learn that they may not start services."""
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    policy.chmod(0o755)


def machine_mirror() -> str | None:
    """Return the Debian mirror that this machine's own apt uses, or None where apt names none."""
    listed = output_of(["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)"])
    for line in listed.splitlines():
        origin, label, component, address = [*line.split("|", 3), "", "", ""][:4]
        if (origin, label, component) == ("Debian", "Debian", "main") and address.startswith("http"):
            return address
    return None


def apt_proxy() -> dict[str, str]:
    """Return the proxy that apt is told to use, as the environment that debootstrap and apt inside the tree read."""
    for line in output_of(["apt-config", "dump", "Acquire::http::Proxy"]).splitlines():
        value = line.partition('"')[2].rstrip('";')
        if line.startswith("Acquire::http::Proxy ") and value not in ("", "DIRECT"):
            return {"http_proxy": value}
    return {}


def scripts_with_suite(folder: Path) -> Path:
    """Copy debootstrap's own files, adding the suite's script where this debootstrap is older than the suite."""
    copy = folder / "debootstrap"
    shutil.copytree("/usr/share/debootstrap", copy, symlinks=True)
    script = copy / "scripts" / SUITE
    if not script.exists():
        script.symlink_to("sid")
    return copy


def build_tree(tree: Path) -> None:
    """Unpack the newer Debian with Asterisk into `tree`, all of it or nothing."""
    unfinished = tree.with_name(f"{tree.name}.unfinished-{os.getpid()}")
    scratch = tree.with_name(f"scratch-{os.getpid()}")
    scratch.mkdir(parents=True)
    try:
        scripts = scripts_with_suite(scratch)
        mirror = machine_mirror()
        network = apt_proxy()
        run(
            ["debootstrap", "--variant=minbase", SUITE, str(unfinished), *([mirror] if mirror else [])],
            extra_environment={**network, "DEBOOTSTRAP_DIR": str(scripts)},
        )
        inside = ["chroot", str(unfinished)]
        settings = unfinished / "etc/apt/apt.conf.d/90lab"
        # A mirror frozen in the past, as build machines use, is as good here.
        settings.write_text('Acquire::Check-Valid-Until "false";\nAcquire::Retries "3";\n', encoding="ascii")
        forbid_services(unfinished / "usr/sbin/policy-rc.d")
        run([*inside, "apt-get", "update"], extra_environment=network)
        run([*inside, "apt-get", "install", "-y", "--no-install-recommends", *TREE_PACKAGES], extra_environment=network)
        run([*inside, "apt-get", "clean"])
        version = output_of([*inside, "asterisk", "-V"]).strip()
        if not version.startswith("Asterisk "):
            raise LabInstallError(f"the Asterisk unpacked into {unfinished} does not start; remove it and run again")
        (unfinished / "callmonitor-lab-recipe").write_text(f"{RECIPE}\n{version}\n", encoding="ascii")
        if tree.exists():
            shutil.rmtree(tree)
        unfinished.rename(tree)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if unfinished.exists():
            shutil.rmtree(unfinished, ignore_errors=True)


def say(line: str) -> None:
    """Write a line of progress."""
    sys.stdout.write(f"lab: {line}\n")
    sys.stdout.flush()


def main() -> int:
    """Install what is missing; return the exit status."""
    tree = tree_folder()
    try:
        if missing_reason() is not None:
            check_machine()
            install_host_packages()
            if not stamp_is_current(tree):
                build_tree(tree)
            check_complete()
        say(f"{asterisk_version(tree)} is ready in {tree}")
    except LabInstallError as error:
        sys.stderr.write(f"lab: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"lab: {error}; see that {cache_folder()} is writable and the disk has 600 MB free\n")
        return 1
    return 0


def check_complete() -> None:
    """Refuse an installation that something is still missing from.

    Raises:
        LabInstallError: it names what.
    """
    reason = missing_reason()
    if reason is not None:
        raise LabInstallError(reason)


def asterisk_version(tree: Path) -> str:
    """Return what the installed Asterisk calls itself."""
    return (tree / "callmonitor-lab-recipe").read_text(encoding="ascii").splitlines()[1]


if __name__ == "__main__":
    sys.exit(main())
