"""Runs commands one after another in one process, and prints what each said: `python -m tests.security.canary`.

Reads a JSON list of `{"arguments": […], "environment": {…}}` from standard input. A process for each would take
minutes.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout

from monitor.cli import main


def told(arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Exit status and everything that was said."""
    before = dict(os.environ)
    os.environ.update(environment)
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    sys.argv = ["callmonitor", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(out):
            main()
        status: object = 0
    except SystemExit as end:
        status = end.code
    finally:
        os.environ.clear()
        os.environ.update(before)
    out.flush()
    text = out.buffer.getvalue().decode("utf-8", "replace")
    return (status if isinstance(status, int) else 1 if status else 0), text


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump([told(one["arguments"], one["environment"]) for one in asked], sys.stdout)
