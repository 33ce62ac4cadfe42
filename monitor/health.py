"""How the Asterisks and the ledger are, as metrics, page and /readyz ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.follower import Follower
    from monitor.ledger.writer import LedgerWriter


class Systems(Mapping[str, "Follower"]):
    """The followers by the names their calls are filed under, which may be learned only on connecting."""

    def __init__(self, followers: tuple[Follower, ...]) -> None:
        self._followers = followers

    def __getitem__(self, system: str) -> Follower:
        for follower in self._followers:
            if follower.system == system:
                return follower
        raise KeyError(system)

    def __iter__(self) -> Iterator[str]:
        return (follower.system for follower in self._followers)

    def __len__(self) -> int:
        return len(self._followers)


class StoreHealth:
    """The ledger's writer as metrics and /readyz ask of it."""

    def __init__(self, writer: LedgerWriter) -> None:
        self._writer = writer

    @property
    def up(self) -> bool:
        """The store answered when it was last asked."""
        return self._writer.up

    @property
    def reason(self) -> str | None:
        """Why it did not."""
        return self._writer.last_error or (None if self._writer.up else "The ledger has not been reached yet.")

    @property
    def quiet(self) -> bool:
        """It has not answered for longer than it should take."""
        return self._writer.quiet

    @property
    def waiting_facts(self) -> int:
        """Facts not yet written."""
        return self._writer.waiting_facts
