"""Why one Asterisk cannot be listened to: a kind for each thing an operator would do differently.

ConnectionProblem
├── Refused            nothing listens there
├── Unreachable        no way there, or no such name
├── NoAnswer           something is there and does not answer in time
├── TlsFailed          no trusted, encrypted connection
├── NotAmi             something else answers
├── SecretUnreadable   our own secret file cannot be read
├── LoginRefused       wrong name or secret, or a host the account does not allow
├── ShutDown           Asterisk said that it shuts down or restarts
├── Goodbye            Asterisk ended the session
├── Lost               the connection broke
├── Left               we left it, since the settings lead elsewhere
└── Silent             a ping was not answered: the peer is gone, and no one told us
"""

from __future__ import annotations

from monitor.errors import ConnectionProblem


class Refused(ConnectionProblem):
    """Nothing listens there."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where} refuses connections; "
            "see that Asterisk runs, and `enabled`, `bindaddr` and `port` in its manager.conf."
        )


class Unreachable(ConnectionProblem):
    """No way there, or no such name."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where} cannot be reached ({reason}); see the host, the network and its firewalls.")


class NoAnswer(ConnectionProblem):
    """Something is there and does not answer in time."""

    def __init__(self, where: str, what: str, after_seconds: float) -> None:
        super().__init__(
            f"{where} did not {what} within {after_seconds:g} s; "
            "see that host and port are those of the manager interface, and whether they speak TLS."
        )


class TlsFailed(ConnectionProblem):
    """No trusted, encrypted connection."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(
            f"{where} gives no trusted TLS connection ({reason}); "
            "see `tls_ca` and `tls_hostname`, and `tlsenable`, `tlsbindaddr` and `tlscertfile` in its manager.conf."
        )


class NotAmi(ConnectionProblem):
    """Something else answers."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where} does not speak AMI; see that host and port are those of the manager interface.")


class SecretUnreadable(ConnectionProblem):
    """Our own secret file cannot be read."""


class LoginRefused(ConnectionProblem):
    """Wrong name or secret, or a host the account does not allow."""

    def __init__(self, where: str, username: str, said: str) -> None:
        super().__init__(
            f"{where} refuses the login of {username!r} ({said}); "
            "see user name and secret, and `permit`/`deny` or `acl` of that account in its manager.conf."
        )


class ShutDown(ConnectionProblem):
    """Asterisk said that it shuts down or restarts.

    Attributes:
        restart: it said that it comes back.
    """

    def __init__(self, where: str, *, restart: bool) -> None:
        self.restart = restart
        super().__init__(
            f"{where} restarts; nothing to do if that was meant."
            if restart
            else f"{where} was shut down; start Asterisk again."
        )


class Goodbye(ConnectionProblem):
    """Asterisk ended the session."""

    def __init__(self, where: str, said: str) -> None:
        super().__init__(f"{where} ended the session ({said}); see whether somebody kicked it from Asterisk's console.")


class Lost(ConnectionProblem):
    """The connection broke."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where} was lost ({reason}); see that Asterisk runs, and the network between.")


class Left(ConnectionProblem):
    """We left it, since the settings lead elsewhere."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where} was left, since the settings name another address or account; nothing to do.")


class Silent(ConnectionProblem):
    """A ping was not answered: the peer is gone, and no one told us."""

    def __init__(self, where: str, after_seconds: float) -> None:
        super().__init__(
            f"{where} fell silent: a ping had no answer for {after_seconds:g} s; "
            "see that the machine runs, and the network between."
        )
