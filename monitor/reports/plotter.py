"""matplotlib, loaded so that it neither reads nor writes anything of the machine, and knows the reports' faces.

Left to itself it looks through every font of the machine the first time it is imported (seconds, where there are many),
keeps what it found below the home folder, which a hardened service does not have, and follows a `matplotlibrc` found
there. Here it sees its own files and ours. The modules that draw import it from here.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def _alone() -> Iterator[None]:
    """Point matplotlib at an empty folder for the while of its import."""
    with TemporaryDirectory(prefix="callmonitor-", ignore_cleanup_errors=True) as folder:
        asked = {"MPLCONFIGDIR": folder, "MPL_IGNORE_SYSTEM_FONTS": "1"}
        before = {name: os.environ.get(name) for name in asked}
        os.environ.update(asked)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


with _alone():
    import matplotlib as mpl
    from matplotlib import font_manager, ft2font
    from matplotlib.figure import Figure

__all__ = ["Figure", "font_manager", "ft2font", "mpl"]
