"""What the simulated Asterisk answers to AMI actions. Pure: bytes in, bytes out; time is an argument.

**Source:** Asterisk main/manager.c, apps/app_queue.c, main/manager_bridges.c; what a real Asterisk 22.10 answered.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.calls.facts import instant
from monitor.simulator.exchange import SECOND_US
from monitor.simulator.people import NOT_IN_USE, Queue, member_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.simulator.centre import Centre

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
VERSION = "22.10.1"
MAX_ACTION_BYTES = 64 * 1024
"""A client that sends a longer action is cut off, as Asterisk does."""

_EXCLUDED_NAME = re.compile(r"action\(exclude\),name\((\w+)\)")

Fields = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A manager account of the simulated Asterisk."""

    username: str
    secret: str
    read: frozenset[str] = frozenset({"system", "call", "agent", "user", "dialplan"})
    """The classes of events it is sent."""


class Session:
    """One client's connection.

    Args:
        centre: the centre that it asks about.
        account: the one account there is.
        challenge: what `Action: Challenge` answers.

    Attributes:
        listening: logged in and wanting events.
        over: the connection is to be closed once everything is sent.
    """

    def __init__(self, centre: Centre, account: Account, challenge: str) -> None:
        self._centre = centre
        self._account = account
        self._challenge = challenge
        self._challenged = False
        self._tail = b""
        self._logged_in = False
        self._excluded: set[bytes] = set()
        self.listening = False
        self.over = False
        self._answers: dict[str, Callable[[Fields, int], str]] = {
            "ping": self._ping,
            "filter": self._filter,
            "events": self._events,
            "coresettings": self._core_settings,
            "corestatus": self._core_status,
            "coreshowchannels": self._core_show_channels,
            "queuestatus": self._queue_status,
            "queuesummary": self._queue_summary,
            "bridgelist": self._bridge_list,
            "bridgeinfo": self._bridge_info,
            "listcommands": self._list_commands,
        }

    # ---- bytes

    def receive(self, data: bytes, now_us: int) -> bytes:
        """Take the next bytes from the client, in any pieces.

        Returns:
            What it is to be sent now.
        """
        pieces = (self._tail + data).replace(b"\r\n", b"\n").split(b"\n\n")
        self._tail = pieces.pop()
        if len(self._tail) > MAX_ACTION_BYTES:
            self.over = True
            self._tail = b""
        answer = "".join(self._act(piece.decode("utf-8", "replace"), now_us) for piece in pieces if piece.strip())
        return answer.encode()

    def wants(self, packet: bytes) -> bool:
        """Whether an event packet passes the account's classes and the client's filters."""
        name, _, rest = packet[7:].partition(b"\r\nPrivilege: ")
        privilege = rest[: rest.find(b",")].decode()
        return privilege in self._account.read and name not in self._excluded

    def _act(self, text: str, now_us: int) -> str:
        fields: Fields = {}
        for line in text.split("\n"):
            key, colon, value = line.partition(":")
            if colon:
                fields.setdefault(key.strip().lower(), value.strip())
        action = fields.get("action", "")
        name = action.lower()
        if name == "challenge":
            return self._challenge_answer(fields)
        if name == "login":
            return self._login(fields, now_us)
        if name == "logoff":
            self.over, self.listening = True, False
            return _response("Goodbye", fields, "Message: Thanks for all the fish.\r\n")
        if not self._logged_in:
            return _error(fields, "Permission denied" if action else "Missing action in request")
        answer = self._answers.get(name)
        if answer is None:
            return _error(
                fields,
                f"Invalid/unknown command: {action}. Use Action: ListCommands to show available commands.",
            )
        return answer(fields, now_us)

    # ---- coming in

    def _challenge_answer(self, fields: Fields) -> str:
        if fields.get("authtype", "").lower() != "md5":
            return _error(fields, "Must specify AuthType")
        self._challenged = True
        return _response("Success", fields, f"Challenge: {self._challenge}\r\n")

    def _login(self, fields: Fields, now_us: int) -> str:
        account = self._account
        if fields.get("authtype", "").lower() == "md5":
            # AMI knows no other digest.
            expected = hashlib.md5((self._challenge + account.secret).encode()).hexdigest()  # noqa: S324 - AMI knows no other digest
            fits = self._challenged and hmac.compare_digest(fields.get("key", "").lower(), expected)
        else:
            fits = hmac.compare_digest(fields.get("secret", "").encode(), account.secret.encode())
        if not fits or fields.get("username") != account.username:
            self.over = True
            return _error(fields, "Authentication failed")
        self._logged_in = True
        self.listening = fields.get("events", "on").lower() != "off"
        answer = _response("Success", fields, "Message: Authentication accepted\r\n")
        if self.listening and "system" in account.read:
            uptime = self._uptime_seconds(now_us)
            answer += (
                f"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: {uptime}\r\nLastReload: {uptime}\r\n"
                "Status: Fully Booted\r\n\r\n"
            )
        return answer

    def _uptime_seconds(self, now_us: int) -> int:
        return max(0, now_us - self._centre.exchange.started_at_us) // SECOND_US

    # ---- the session

    def _ping(self, fields: Fields, now_us: int) -> str:
        stamp = f"{now_us // SECOND_US}.{now_us % SECOND_US:06d}"
        return _response("Success", fields, f"Ping: Pong\r\nTimestamp: {stamp}\r\n")

    def _filter(self, fields: Fields, _: int) -> str:
        if fields.get("operation", "").lower() != "add":
            return _error(fields, "Unknown operation")
        excluded = _EXCLUDED_NAME.fullmatch(fields.get("matchcriteria", ""))
        if excluded:
            self._excluded.add(excluded[1].encode())
        return _response("Success", fields, "Message: Success\r\n")

    def _events(self, fields: Fields, _: int) -> str:
        self.listening = fields.get("eventmask", "on").lower() not in ("off", "no", "false", "0", "")
        return _response("Success", fields, f"Events: {'On' if self.listening else 'Off'}\r\n")

    def _list_commands(self, fields: Fields, _: int) -> str:
        names = ["Challenge", "Login", "Logoff", *ACTIONS]
        return _response("Success", fields, "".join(f"{name}: simulated  (Priv: <none>)\r\n" for name in sorted(names)))

    # ---- the system

    def _core_settings(self, fields: Fields, _: int) -> str:
        return _response(
            "Success",
            fields,
            f"AMIversion: 11.0.0\r\nAsteriskVersion: {VERSION}\r\nSystemName: {self._centre.exchange.system}\r\n"
            "CoreMaxCalls: 0\r\nCoreMaxLoadAvg: 0.000000\r\nCoreRunUser: \r\nCoreRunGroup: \r\n"
            "CoreMaxFilehandles: 0\r\nCoreRealTimeEnabled: No\r\nCoreCDRenabled: No\r\nCoreHTTPenabled: No\r\n"
            "SoundsSearchCustomDir: No\r\n",
        )

    def _core_status(self, fields: Fields, _: int) -> str:
        started_at = _date_and_time(self._centre.exchange.started_at_us)
        return _response(
            "Success",
            fields,
            f"CoreStartupDate: {started_at[0]}\r\nCoreStartupTime: {started_at[1]}\r\n"
            f"CoreReloadDate: {started_at[0]}\r\nCoreReloadTime: {started_at[1]}\r\n"
            f"CoreCurrentCalls: {len({c.linkedid for c in self._centre.exchange.channels.values()})}\r\n"
            f"CoreProcessedCalls: {self._centre.calls}\r\n",
        )

    def _core_show_channels(self, fields: Fields, now_us: int) -> str:
        def items() -> Iterator[str]:
            for channel in self._centre.exchange.channels.values():
                seconds = max(0, now_us - channel.made_at_us) // SECOND_US
                duration = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
                bridge = channel.bridge.uniqueid if channel.bridge else ""
                yield (
                    f"{channel.lines()}Application: {channel.application}\r\nApplicationData: {channel.data}\r\n"
                    f"Duration: {duration}\r\nBridgeId: {bridge}\r\n"
                )

        return _listing(fields, "Channels will follow", "CoreShowChannel", items(), "CoreShowChannelsComplete")

    # ---- queues

    def _queues(self, fields: Fields) -> list[Queue]:
        wanted = fields.get("queue", "")
        return [queue for queue in self._centre.world.queues.values() if not wanted or queue.name == wanted]

    def _queue_status(self, fields: Fields, now_us: int) -> str:
        started_at_us = self._centre.exchange.started_at_us
        tail = _action_id(fields)
        out = [_response("Success", fields, "EventList: start\r\nMessage: Queue status will follow\r\n")]
        items = 0
        for queue in self._queues(fields):
            out.append(
                f"Event: QueueParams\r\nQueue: {queue.name}\r\nMax: 0\r\nStrategy: {queue.strategy}\r\n"
                f"Calls: {len(queue.callers)}\r\nHoldtime: 0\r\nTalkTime: 0\r\nCompleted: {queue.completed}\r\n"
                f"Abandoned: {queue.abandoned}\r\nServiceLevel: 0\r\nServicelevelPerf: 0.0\r\n"
                f"ServicelevelPerf2: 0.0\r\nWeight: 0\r\n{tail}\r\n"
            )
            for phone in queue.members:
                lines = member_lines(queue, phone, started_at_us).replace("MemberName:", "Name:", 1)
                lines = lines.replace("Interface:", "Location:", 1).replace("Ringinuse: 0\r\n", "")
                out.append(f"Event: QueueMember\r\nQueue: {queue.name}\r\n{lines}{tail}\r\n")
            for position, caller in enumerate(queue.callers, 1):
                channel = caller.channel
                out.append(
                    f"Event: QueueEntry\r\nQueue: {queue.name}\r\nPosition: {position}\r\nChannel: {channel.name}\r\n"
                    f"Uniqueid: {channel.uniqueid}\r\nCallerIDNum: {channel.caller_number}\r\n"
                    f"CallerIDName: {channel.caller_name}\r\nConnectedLineNum: {_known(channel.connected_number)}\r\n"
                    f"ConnectedLineName: {_known(channel.connected_name)}\r\n"
                    f"Wait: {max(0, now_us - caller.entered_at_us) // SECOND_US}\r\nPriority: 0\r\n{tail}\r\n"
                )
            items += 1 + len(queue.members) + len(queue.callers)
        out.append(f"Event: QueueStatusComplete\r\n{tail}EventList: Complete\r\nListItems: {items}\r\n\r\n")
        return "".join(out)

    def _queue_summary(self, fields: Fields, now_us: int) -> str:
        tail = _action_id(fields)
        out = [_response("Success", fields, "EventList: start\r\nMessage: Queue summary will follow\r\n")]
        queues = self._queues(fields)
        for queue in queues:
            free = sum(m.status == NOT_IN_USE and not m.paused for m in queue.members)
            longest = max((now_us - caller.entered_at_us for caller in queue.callers), default=0) // SECOND_US
            out.append(
                f"Event: QueueSummary\r\nQueue: {queue.name}\r\nLoggedIn: {len(queue.members)}\r\nAvailable: {free}\r\n"
                f"Callers: {len(queue.callers)}\r\nHoldTime: 0\r\nTalkTime: 0\r\nLongestHoldTime: {max(0, longest)}\r\n"
                f"{tail}\r\n"
            )
        out.append(f"Event: QueueSummaryComplete\r\n{tail}EventList: Complete\r\nListItems: {len(queues)}\r\n\r\n")
        return "".join(out)

    # ---- bridges

    def _bridge_list(self, fields: Fields, _: int) -> str:
        items = (bridge.lines() for bridge in self._centre.exchange.bridges.values())
        return _listing(fields, "Bridge listing will follow", "BridgeListItem", items, "BridgeListComplete")

    def _bridge_info(self, fields: Fields, _: int) -> str:
        bridge = self._centre.exchange.bridges.get(fields.get("bridgeuniqueid", ""))
        if bridge is None:
            return _error(fields, "Specified BridgeUniqueid not found")
        items = (channel.lines() for channel in bridge.channels)
        return _listing(
            fields,
            "Bridge channel listing will follow",
            "BridgeInfoChannel",
            items,
            "BridgeInfoComplete",
            last=bridge.lines(),
        )


ACTIONS = (
    "BridgeInfo",
    "BridgeList",
    "CoreSettings",
    "CoreShowChannels",
    "CoreStatus",
    "Events",
    "Filter",
    "ListCommands",
    "Ping",
    "QueueStatus",
    "QueueSummary",
)
"""The actions of a client that is logged in."""


def _action_id(fields: Fields) -> str:
    return f"ActionID: {fields['actionid']}\r\n" if "actionid" in fields else ""


def _response(kind: str, fields: Fields, rest: str) -> str:
    return f"Response: {kind}\r\n{_action_id(fields)}{rest}\r\n"


def _error(fields: Fields, message: str) -> str:
    return _response("Error", fields, f"Message: {message}\r\n")


def _listing(fields: Fields, message: str, event: str, items: Iterator[str], end: str, *, last: str = "") -> str:
    tail = _action_id(fields)
    out = [_response("Success", fields, f"EventList: start\r\nMessage: {message}\r\n")]
    out += [f"Event: {event}\r\n{tail}{item}\r\n" for item in items]
    count = len(out) - 1
    out.append(f"Event: {end}\r\n{tail}EventList: Complete\r\nListItems: {count}\r\n{last}\r\n")
    return "".join(out)


def _known(text: str) -> str:
    return "unknown" if text == "<unknown>" else text


def _date_and_time(at_us: int) -> tuple[str, str]:
    date, _, clock = instant(at_us).strftime("%Y-%m-%d %H:%M:%S").partition(" ")
    return date, clock
