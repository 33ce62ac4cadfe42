"""callmonitor: how often each incoming call rings before a person answers, told by Asterisk's Manager Interface."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("callmonitor")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0+unknown"
