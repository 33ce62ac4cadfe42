"""The errors an operator can meet.

    MonitorError
    ├── ConfigError        the settings cannot be used
    ├── CaptureError       a recording cannot be read
    ├── ProtocolError      an AMI action would not be safe to send
    ├── ConnectionProblem  one Asterisk cannot be listened to (kinds in `monitor.ami_listener`)
    ├── SearchError        the ledger was asked for something that makes no sense
    ├── ReportError        a report cannot be made as it was asked for
    │   └── ReportNotWritten   it was made, and cannot be written where it was to be written
    ├── MailError          a report could not be mailed
    ├── JournalError       the journal cannot be written, or read as asked for
    ├── ImportRefused      records of another program cannot be brought in
    ├── ReviewError        a sample cannot be drawn, or a call not be reviewed, as it was asked for
    └── StoreError         the ledger cannot be opened or brought up to date

Every message says what happened and what the operator does next; the command line prints it as one sentence.
"""


class MonitorError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(MonitorError):
    """The settings cannot be used as they stand."""


class CaptureError(MonitorError):
    """A recording cannot be read, or holds no AMI at all."""


class ProtocolError(MonitorError):
    """An AMI action holds characters that would forge further headers."""


class ConnectionProblem(MonitorError):  # noqa: N818 - it names what is wrong with a connection, not an exception
    """One Asterisk cannot be listened to."""


class SearchError(MonitorError):
    """The ledger was asked for something that makes no sense.

    Attributes:
        field: which part of the question is at fault, by the name it has in the ledger's filters.
    """

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class ReportError(MonitorError):
    """A report cannot be made as it was asked for."""


class ReportNotWritten(ReportError):  # noqa: N818 - it names what happened to the report
    """A report cannot be written where it was to be written: no room, no right, no folder."""


class MailError(MonitorError):
    """A report could not be mailed, or not to everybody."""


class ImportRefused(MonitorError):  # noqa: N818 - it names what happened to the records
    """Records of another program cannot be read, or cannot be brought in."""


class ReviewError(MonitorError):
    """A sample cannot be drawn, or a call not be reviewed, as it was asked for.

    Attributes:
        reason: which of them it is, for whoever says it in other words (`monitor.reviews.desk.Reason`).
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class StoreError(MonitorError):
    """The ledger cannot be opened, migrated or written."""


class JournalError(MonitorError):
    """The journal cannot be written, or cannot be read as it was asked for."""
