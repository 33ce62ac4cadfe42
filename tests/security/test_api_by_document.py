"""Schemathesis asks the running API all that its OpenAPI document allows and much that it does not.

`make reliability` asks a hundred times as much (TESTS_AT_LENGTH).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.fixtures import THOROUGH

from .house import House, running

PHASES = "examples,coverage,fuzzing,stateful" if THOROUGH else "fuzzing"
EXAMPLES = "400" if THOROUGH else "8"
NOT_IN_A_DOCUMENT = "positive_data_acceptance"
"""A period that ends before it begins, or a page's mark that was never given out, is well-formed and makes no sense."""


@pytest.mark.parametrize("token", ["archive", "screen"] if THOROUGH else ["archive"])
def test_the_api_does_what_its_document_says(token: str, ledger: Path, tmp_path: Path) -> None:
    """Every answer has a status, a type and a form that the document names; none is a failure of ours.

    By a program of each role; schemathesis itself also leaves the token out, and expects to be refused.
    """
    with running(House(tmp_path, ledger)) as url:
        done = subprocess.run(
            [
                *(str(Path(sys.executable).with_name("st")), "run", f"{url}/api/v1/openapi.json", "--no-color"),
                *("--header", f"Authorization: Bearer token of {token}"),
                *("--phases", PHASES, "--max-examples", EXAMPLES, "--checks", "all"),
                *("--exclude-checks", NOT_IN_A_DOCUMENT, "--seed", "15886565"),
            ],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_PROXY": "*"},
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 10" in done.stdout, "the document names eight questions and two things to do"
