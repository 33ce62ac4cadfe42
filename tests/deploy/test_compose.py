"""docker-compose.yml: Compose takes it, services are shut off, nothing secret is in it, and what it mounts exists."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml
from argon2 import PasswordHasher

from monitor import __version__
from tests.programs import required

from .compose import ROOT, SECRETS, compose, composition, engine_answers, given, mounts, services

if TYPE_CHECKING:
    from pathlib import Path

SERVICES = pytest.mark.parametrize("name", sorted(services()))
VERSION = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)*")


def make_secrets(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "deploy" / "compose" / "make_secrets.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True)


# -- the file ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [[], ["--profile", "demo"]], ids=["plain", "demo"])
def test_compose_takes_the_file(profile: list[str]) -> None:
    command = [*compose(), *profile, "config", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_everything_is_there_and_the_simulator_only_in_the_demonstration() -> None:
    assert set(services()) == {"monitor", "simulator", "postgres", "prometheus", "alertmanager", "grafana"}
    assert [name for name, service in services().items() if "profiles" in service] == ["simulator"]
    assert services()["simulator"]["profiles"] == ["demo"]


@SERVICES
def test_images_are_pinned(name: str) -> None:
    assert VERSION.fullmatch(services()[name]["image"])
    if "build" in services()[name]:
        assert services()[name]["image"] == f"callmonitor:{__version__}"


@SERVICES
def test_services_are_shut_off(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].partition(":")[0]) > 0
    assert not {"privileged", "cap_add", "network_mode", "pid", "ipc", "devices"} & set(service)
    assert all(":ro" in volume for volume in service.get("volumes", []) if volume.startswith((".", "$")))
    assert "docker.sock" not in str(service)


@SERVICES
def test_ports_are_open_to_this_machine_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in services()[name].get("ports", []))


@SERVICES
def test_services_say_whether_they_are_well(name: str) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "healthcheck" in services()[name] or (name == "monitor" and "\nHEALTHCHECK " in dockerfile)


@SERVICES
def test_what_is_mounted_exists(name: str) -> None:
    assert [source for source, _ in mounts(name) if not (ROOT / source).exists()] == []


def test_every_volume_and_network_is_used_and_the_ledger_reaches_nobody_outside() -> None:
    used = {volume.partition(":")[0] for service in services().values() for volume in service.get("volumes", [])}
    assert {name for name in used if not name.startswith((".", "$"))} == set(composition()["volumes"])
    assert composition()["networks"]["ledger"] == {"internal": True}
    on_ledger = {name for name, service in services().items() if "ledger" in service["networks"]}
    assert on_ledger == {"monitor", "postgres", "grafana"}


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_secrets_come_from_files_that_make_secrets_makes_and_git_ignores(tmp_path: Path) -> None:
    make_secrets(tmp_path / "secrets")
    declared = {name: secret["file"] for name, secret in composition()["secrets"].items()}
    assert declared == {path.name: f"./secrets/{path.name}" for path in (tmp_path / "secrets").iterdir()}
    assert set(declared) == {secret for name in services() for secret in given(name).values()}
    ignored = subprocess.run(["git", "check-ignore", *declared.values()], cwd=ROOT, capture_output=True, check=False)
    assert ignored.stdout.decode().split() == list(declared.values())


@SERVICES
def test_no_secret_is_in_the_file(name: str) -> None:
    """What is called a password, secret, token or key is the path of a file inside the container."""
    for key, value in services()[name].get("environment", {}).items():
        if re.search(r"PASSW|SECRET|TOKEN|KEY", key):
            assert value.startswith(SECRETS), key


@SERVICES
def test_a_service_is_given_each_secret_it_reads(name: str) -> None:
    texts = [str(services()[name].get(part, "")) for part in ("environment", "command")]
    for source, _ in mounts(name):
        path = ROOT / source
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        texts += [file.read_text(encoding="utf-8") for file in files]
    read = {place for text in texts for place in re.findall(r"(?:/[a-z]+)+/secrets/\w+(?:\.\w+)*", text)}
    assert read == set(given(name))


def test_secrets_are_random_closed_and_never_made_twice(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    told = make_secrets(folder).stdout
    password = re.search(r"user supervisor, password (\S+)", told)
    assert password is not None
    assert PasswordHasher().verify((folder / "supervisor_password_hash").read_text("ascii").strip(), password[1])
    assert password[1] not in "".join(file.read_text("ascii") for file in folder.iterdir())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = {file.name: file.read_text("ascii") for file in folder.iterdir()}
    assert len(set(before.values())) == len(before)
    assert all(len(text) > 32 for text in before.values())

    (folder / "ami_secret").unlink()
    again = make_secrets(folder).stdout
    after = {file.name: file.read_text("ascii") for file in folder.iterdir()}
    assert after.pop("ami_secret") != before.pop("ami_secret")
    assert after == before
    assert "supervisor" not in again, "a password that was not made now is not known"


# -- what others read --------------------------------------------------------------------------------------------------


def test_prometheus_finds_every_service_it_reads() -> None:
    folder = ROOT / "deploy" / "compose" / "targets"
    assert {path.name for path in folder.iterdir()} == {
        path.name for path in (ROOT / "deploy" / "prometheus" / "targets").iterdir()
    }
    for path in folder.iterdir():
        for group in yaml.safe_load(path.read_text(encoding="utf-8")):
            for target in group["targets"]:
                host = target.partition(":")[0]
                assert host in services() or (host, path.stem) == ("localhost", "prometheus")


def test_grafana_finds_its_boards_and_both_its_sources() -> None:
    provisioning = ROOT / "deploy" / "grafana" / "provisioning"
    files = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(provisioning.rglob("*.yml"))]
    sources = {source["uid"]: source for file in files for source in file.get("datasources", [])}
    assert {uid: source["url"] for uid, source in sources.items()} == {
        "prometheus": "http://prometheus:9090",
        "ledger": "postgres:5432",
    }
    seen = {target: ROOT / source for source, target in mounts("grafana")}
    folders = [provider["options"]["path"] for file in files for provider in file.get("providers", [])]
    assert sorted(folders) == sorted(target for target in seen if "dashboards" in target)
    assert all(any(seen[folder].glob("*.json")) for folder in folders)
    folder, _, name = services()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].rpartition("/")
    assert (seen[folder] / name).is_file()


def test_promtool_takes_what_the_container_sees(tmp_path: Path) -> None:
    promtool = required("promtool")
    for source, target in mounts("prometheus"):
        seen = tmp_path / target.lstrip("/")
        seen.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, seen)
    config = tmp_path / "etc/prometheus/prometheus.yml"
    done = subprocess.run([promtool, "check", "config", config], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# -- where an engine is ------------------------------------------------------------------------------------------------


@pytest.mark.stage
@pytest.mark.timeout(900)
def test_an_engine_brings_it_up(tmp_path: Path) -> None:
    # Images are built and pulled by an engine that only its administrator can start; all that can be judged of the
    # files without one is judged by the other tests here, and these never skip.
    if not engine_answers():
        pytest.skip("no container engine answers here")
    folder = tmp_path / "callmonitor"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".venv", ".git", "secrets", ".*_cache"))
    make_secrets(folder / "secrets")
    command = [*compose(), "--project-name", "callmonitor-test", "--profile", "demo"]
    try:
        subprocess.run([*command, "up", "--detach", "--build", "--wait"], cwd=folder, check=True)
        for url in ("9158/readyz", "9090/-/ready", "9093/-/ready", "3000/api/health"):
            assert httpx.get(f"http://127.0.0.1:{url}").status_code == 200, url
    finally:
        subprocess.run([*command, "down", "--volumes"], cwd=folder, check=False)
