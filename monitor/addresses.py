"""What an address tells of who is behind it: this machine, or one customer of a network."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]]+))(?::\d{1,5})?")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host, by its address or as `localhost`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def address_of(host: str | None) -> str:
    """What attempts and connections are counted by: an IPv4 address, or the /64 that one IPv6 customer chooses from."""
    try:
        address = ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


def is_from_here(scope: Scope) -> bool:
    """Whether a request comes from this machine itself: by its names, and by no proxy that passes others' on."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    passed_on = any(name == b"forwarded" or name.startswith(b"x-forwarded-") for name, _ in headers)
    return names_loopback([value.decode("latin-1") for name, value in headers if name == b"host"]) and not passed_on


def names_loopback(hosts: list[str]) -> bool:
    """Whether the Host headers of a request are one, and name loopback; any port may follow."""
    found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if found is None:
        return False
    try:
        return ipaddress.ip_address(found["six"] or found["name"]).is_loopback
    except ValueError:
        return bool(found["name"]) and found["name"].lower() == "localhost"
