"""What a caller or a phone does, step by step, written as a SIPp scenario.

A `Script` is told in the order of what happens (`awaits_call`, `rings`, `answers`, `talks`, `refers`, …) and gives
the XML that SIPp runs. All durations are in milliseconds, the unit of SIPp. Names in square brackets are SIPp's own
keywords; `[asterisk]` is the port of the laboratory's Asterisk, given on SIPp's command line.

SIPp follows a script strictly in order. Where a thing may happen or not (the far end hangs up, or the time passes)
the script waits for the message with a limit and goes on at a label when the limit passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

NEVER_MS = 120_000
"""A limit longer than any scenario."""

SDP = """v=0
o=- 1 {version} IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP {formats}
a=rtpmap:0 PCMU/8000
a={direction}
"""

TONES = "/usr/share/sip-tester/dtmf_2833_{key}.pcap"
"""RFC 2833 packets of a key, of payload type 101, as they come with SIPp."""

TAG = "tag=[pid]-[call_number]"


@dataclass
class Dialog:
    """One SIP dialog of a script; a phone that consults has two."""

    number: int
    call_id: str
    near: str
    """The From header of our requests, with our tag."""
    sequence: int
    """The CSeq of our last request."""
    sdp_version: int = 1

    @property
    def far(self) -> str:
        """The To header of our requests, with the far end's tag."""
        return f"[$far{self.number}]"

    @property
    def target(self) -> str:
        """The address that the far end asked requests to be sent to."""
        return f"[$target{self.number}]"


class Script:
    """One SIPp scenario in the making."""

    def __init__(self, user: str, *, trunk: str | None = None, name: str | None = None) -> None:
        """Begin a script.

        Args:
            user: who this is in SIP addresses: the endpoint's name for a phone, the number for a caller.
            trunk: for a caller, the trunk that delivers the call.
            name: for a caller, the name shown with the number.
        """
        self.user = user
        self.trunk = trunk
        self.name = name
        self.dialogs: list[Dialog] = []
        self._formats = "0"
        self._steps: list[str] = []
        self._labels = count(1)
        self._variables: set[str] = set()

    def xml(self) -> str:
        """Return the finished scenario."""
        variables = ",".join(sorted(self._variables))
        reference = f'<Reference variables="{variables}"/>\n' if variables else ""
        # An action is needed, since SIPp's parser wants a step behind the last label.
        end = '<label id="end"/>\n<nop><action><log message="end"/></action></nop>\n'
        return (
            f'<?xml version="1.0" encoding="UTF-8" ?>\n<scenario name="{self.user}">\n'
            + "".join(self._steps)
            + end
            + reference
            + "</scenario>\n"
        )

    # ---- a phone that is called

    def awaits_call(self, *, second_differs: bool = False) -> Script:
        """Wait for a call and note what its dialog needs."""
        self.dialogs.append(self._called())
        actions = (
            self._note("far1", ".*", "From:")
            + self._note("near1", ".*", "To:")
            + self._note("target1", "sip:[^&gt;;]*", "Contact:")
            + self._note("via1", ".*", "Via:")
            + self._note("sequence1", ".*", "CSeq:")
        )
        self._receive('request="INVITE"', actions)
        if second_differs:
            self._variables |= {"call_number", "is_second"}
            self._step(
                '<nop next="second_call" test="is_second"><action>'
                '<assignstr assign_to="call_number" value="[call_number]"/>'
                '<todouble assign_to="call_number" variable="call_number"/>'
                '<test assign_to="is_second" variable="call_number" compare="greater_than" value="1"/>'
                "</action></nop>"
            )
        return self

    def rings(self, for_ms: int = NEVER_MS) -> Script:
        """Ring; end here if the call is cancelled meanwhile."""
        answering = self._label()
        self._respond_to_invite("180 Ringing")
        self._receive(f'request="CANCEL" timeout="{for_ms}" ontimeout="{answering}"')
        self._respond("200 OK", tag=True)
        self._respond_to_invite("487 Request Terminated")
        self._receive('request="ACK"')
        self._go_to_end()
        return self._place(answering)

    def rings_as_dialled(self) -> Script:
        """Ring for as many milliseconds as the called address says (`…-ring1500@…`), then go on."""
        self._variables |= {"digits", "ring_ms", "whole"}
        answering = self._label()
        # The address is the only thing that differs between a hundred phones played by one process.
        self._step(
            '<nop><action><ereg regexp="ring([0-9]+)" search_in="var" variable="near1" check_it="true" '
            'assign_to="whole,digits"/><todouble assign_to="ring_ms" variable="digits"/></action></nop>'
        )
        self._respond_to_invite("180 Ringing")
        self._step('<pause variable="ring_ms"/>')
        return self._place(answering)

    def from_second_call(self) -> Script:
        """Begin what the phone does when it is called a second time; what stands above is for the first call only.

        `awaits_call` must have been told that this follows.
        """
        self._go_to_end()
        self.dialogs = [self._called()]
        return self._place("second_call")

    def answers(self) -> Script:
        """Answer, and wait for the acknowledgement."""
        self._respond_to_invite("200 OK", body=True, retransmit=True)
        return self._receive('request="ACK"')

    def refuses(self, status: str) -> Script:
        """Refuse the call with a status such as `486 Busy Here`, and end."""
        self._respond_to_invite(status, retransmit=True)
        self._receive('request="ACK"')
        return self._go_to_end()

    def redirects(self, number: str) -> Script:
        """Send the call on to another number (302), and end."""
        contact = f"<sip:{number}@127.0.0.1:[asterisk]>"
        self._respond_to_invite("302 Moved Temporarily", contact=contact, retransmit=True)
        self._receive('request="ACK"')
        return self._go_to_end()

    # ---- a caller, or a phone that calls

    def waits(self, for_ms: int) -> Script:
        """Do nothing for a time."""
        return self._step(f'<pause milliseconds="{for_ms}"/>')

    def calls(self, number: str, *, gives_up_after_ms: int = NEVER_MS) -> Script:
        """Call a number and wait for the answer; cancel and end when it does not come in time; end when refused.

        A phone that is in a call already opens a second dialog.
        """
        dialog = self._invite(number)
        refused, cancel, answered = (self._label() for _ in range(3))
        limit = f'timeout="{gives_up_after_ms}" ontimeout="{cancel}"'
        for status in (100, 180, 181, 182, 183):
            self._receive(f'response="{status}" optional="true" {limit}')
        for status in (403, 404, 408, 480, 486, 487, 488, 500, 503, 600, 603):
            self._receive(f'response="{status}" optional="true" next="{refused}" {limit}')
        self._receive(f'response="200" {limit}', self._notes_of_response(dialog))
        self._step(f'<nop next="{answered}"/>')
        self._place(refused)
        self._acknowledge_refusal(number, dialog)
        self._go_to_end()
        self._place(cancel)
        self._send(
            f"CANCEL sip:{number}@127.0.0.1:[asterisk] SIP/2.0\n[last_Via:]\nFrom:{dialog.near}\n"
            f"To: <sip:{number}@127.0.0.1:[asterisk]>\nCall-ID: {dialog.call_id}\nCSeq: 1 CANCEL\n"
            "Max-Forwards: 70\nContent-Length: 0\n",
            retransmit=True,
        )
        self._receive('response="200"')
        self._receive('response="487"')
        self._acknowledge_refusal(number, dialog)
        self._go_to_end()
        self._place(answered)
        self._send(self._request_head("ACK", dialog, same_sequence=True) + "Content-Length: 0\n")
        return self

    def begins_to_call(self, number: str) -> Script:
        """Call a number and wait only until it rings."""
        dialog = self._invite(number)
        self._receive('response="100" optional="true"')
        return self._receive('response="180"', self._notes_of_response(dialog))

    def _invite(self, number: str) -> Dialog:
        second = bool(self.dialogs)
        shown = f'"{self.name}" ' if self.name else ""
        dialog = Dialog(
            number=len(self.dialogs) + 1,
            # SIPp matches a message to its call by what follows the three strokes.
            call_id="consultation///[call_id]" if second else "[call_id]",
            near=f" {shown}<sip:{self.user}@127.0.0.1>;{TAG}",
            sequence=1,
        )
        self.dialogs.append(dialog)
        trunk = f"X-Lab-Trunk: {self.trunk}\n" if self.trunk else ""
        head = (
            f"INVITE sip:{number}@127.0.0.1:[asterisk] SIP/2.0\n{VIA}\nFrom:{dialog.near}\n"
            f"To: <sip:{number}@127.0.0.1:[asterisk]>\nCall-ID: {dialog.call_id}\nCSeq: 1 INVITE\n"
        )
        self._send(head + self._contact() + trunk + self._body(dialog, "sendrecv"), retransmit=True)
        return dialog

    def _notes_of_response(self, dialog: Dialog) -> str:
        notes = self._note(f"far{dialog.number}", ".*", "To:")
        notes += self._note(f"target{dialog.number}", "sip:[^&gt;;]*", "Contact:")
        if dialog.number == 2:
            self._variables |= {"junk", "their_tag"}
            notes += '<ereg regexp="tag=([^;]*)" search_in="hdr" header="To:" assign_to="junk,their_tag"/>\n'
        return notes

    # ---- in a call

    def talks(self, for_ms: int = NEVER_MS) -> Script:
        """Stay in the call for a time; end here if the far end hangs up meanwhile."""
        over = self._label()
        self._receive(f'request="BYE" timeout="{for_ms}" ontimeout="{over}"')
        self._respond("200 OK")
        self._go_to_end()
        return self._place(over)

    def speaks(self) -> Script:
        """Send sound, where a flow of frames is needed; what is sent is noise."""
        return self._step('<nop><action><exec rtp_stream="[sound],-1,0"/></action></nop>')

    def speaks_for(self, ms: int) -> Script:
        """Let a time pass in which nobody hangs up."""
        return self.waits(ms)

    def is_hung_up_on(self, times: int = 1) -> Script:
        """Wait until the far end hangs up, in as many dialogs as said."""
        for _ in range(times):
            self._receive('request="BYE"')
            self._respond("200 OK")
        return self

    def hangs_up(self, which: int = 1) -> Script:
        """Hang up a dialog."""
        self._send(self._request_head("BYE", self._dialog(which)) + "Content-Length: 0\n", retransmit=True)
        return self._receive('response="200"')

    def holds(self, which: int = 1) -> Script:
        """Put the far end on hold."""
        return self._reinvite("sendonly", which)

    def resumes(self, which: int = 1) -> Script:
        """Take the far end back from hold."""
        return self._reinvite("sendrecv", which)

    def presses(self, keys: str, *, between_ms: int = 150, which: int = 1) -> Script:
        """Press keys of the telephone, each sent by a SIP INFO."""
        for key_number, key in enumerate(keys, start=1):
            body = f"Signal={key}\nDuration=100\n"
            self._send(
                self._request_head("INFO", self._dialog(which))
                + "Content-Type: application/dtmf-relay\nContent-Length: [len]\n\n"
                + body,
                retransmit=True,
            )
            self._receive('response="200"')
            if key_number < len(keys):
                self.waits(between_ms)
        return self

    def offers_tones(self) -> Script:
        """Offer RFC 2833 in every SDP from here on, so that `sounds_key` is understood; told before the call."""
        self._formats = "0 101\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15"
        return self

    def sounds_key(self, key: str) -> Script:
        """Press a key of the telephone, sent in the media as RFC 2833, as trunks deliver it."""
        name = {"*": "star", "#": "pound"}.get(key, key)
        path = TONES.format(key=name)
        return self._step(f'<nop><action><exec play_pcap_audio="{path}"/></action></nop>')

    def refers(self, number: str, which: int = 1) -> Script:
        """Transfer the far end to a number without speaking to it first (REFER)."""
        self._send_refer(f"<sip:{number}@127.0.0.1:[asterisk]>", which)
        return self._leave_after_refer(which)

    def refers_to_consulted(self, number: str, *, ringing: bool = False) -> Script:
        """Transfer the far end of the first dialog to that of the second (REFER with Replaces).

        Args:
            number: what the second dialog called.
            ringing: whether the second is not answered yet.
        """
        second = self._dialog(2)
        replaces = f"{second.call_id}%3Bto-tag%3D[$their_tag]%3Bfrom-tag%3D[pid]-[call_number]"
        self._send_refer(f"<sip:{number}@127.0.0.1:[asterisk]?Replaces={replaces}>", 1)
        if ringing:
            # Asterisk refuses the call that the phone had begun, since the caller has taken its place.
            self._receive('response="603"')
            self._acknowledge_refusal(number, second)
        else:
            self.is_hung_up_on()
        return self._leave_after_refer(1)

    # ---- the pieces

    def _called(self) -> Dialog:
        return Dialog(number=1, call_id="[call_id]", near=f"[$near1];{TAG}", sequence=100)

    def _dialog(self, which: int) -> Dialog:
        return self.dialogs[which - 1]

    def _send_refer(self, refer_to: str, which: int) -> None:
        self._send(
            self._request_head("REFER", self._dialog(which))
            + self._contact()
            + f"Refer-To: {refer_to}\nReferred-By: <sip:{self.user}@127.0.0.1>\nContent-Length: 0\n",
            retransmit=True,
        )
        self._receive('response="202"')

    def _leave_after_refer(self, which: int) -> Script:
        # Asterisk leaves it to the phone to end the dialog in which it asked for the transfer.
        return self.waits(300).hangs_up(which)

    def _reinvite(self, direction: str, which: int) -> Script:
        dialog = self._dialog(which)
        dialog.sdp_version += 1
        self._send(
            self._request_head("INVITE", dialog) + self._contact() + self._body(dialog, direction), retransmit=True
        )
        self._receive('response="100" optional="true"')
        self._receive('response="200"')
        self._send(self._request_head("ACK", dialog, same_sequence=True) + "Content-Length: 0\n")
        return self

    def _request_head(self, method: str, dialog: Dialog, *, same_sequence: bool = False) -> str:
        if not same_sequence:
            dialog.sequence += 1
        return (
            f"{method} {dialog.target} SIP/2.0\n{VIA}\nFrom:{dialog.near}\nTo:{dialog.far}\n"
            f"Call-ID: {dialog.call_id}\nCSeq: {dialog.sequence} {method}\n"
        )

    def _acknowledge_refusal(self, number: str, dialog: Dialog) -> None:
        self._send(
            f"ACK sip:{number}@127.0.0.1:[asterisk] SIP/2.0\n[last_Via:]\nFrom:{dialog.near}\n[last_To:]\n"
            f"Call-ID: {dialog.call_id}\nCSeq: 1 ACK\nMax-Forwards: 70\nContent-Length: 0\n"
        )

    def _contact(self) -> str:
        return f"Contact: <sip:{self.user}@[local_ip]:[local_port]>\n"

    def _body(self, dialog: Dialog, direction: str) -> str:
        sdp = SDP.format(version=dialog.sdp_version, direction=direction, formats=self._formats)
        return f"Content-Type: application/sdp\nContent-Length: [len]\n\n{sdp}"

    def _respond_to_invite(
        self, status: str, *, body: bool = False, contact: str | None = None, retransmit: bool = False
    ) -> None:
        head = (
            f"SIP/2.0 {status}\nVia:[$via1]\nFrom:[$far1]\nTo:[$near1];{TAG}\nCall-ID: [call_id]\nCSeq:[$sequence1]\n"
            + (f"Contact: {contact}\n" if contact else self._contact())
        )
        dialog = self._dialog(1)
        self._send(head + (self._body(dialog, "sendrecv") if body else "Content-Length: 0\n"), retransmit=retransmit)

    def _respond(self, status: str, *, tag: bool = False) -> None:
        to = f"[last_To:];{TAG}" if tag else "[last_To:]"
        self._send(
            f"SIP/2.0 {status}\n[last_Via:]\n[last_From:]\n{to}\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n"
        )

    def _note(self, variable: str, pattern: str, header: str) -> str:
        self._variables.add(variable)
        return f'<ereg regexp="{pattern}" search_in="hdr" header="{header}" assign_to="{variable}"/>\n'

    def _send(self, message: str, *, retransmit: bool = False) -> None:
        again = ' retrans="500"' if retransmit else ""
        # A blank line ends the headers; SIPp wants the message's first line at the start of a line.
        self._step(f"<send{again}>\n<![CDATA[\n{message}\n]]>\n</send>")

    def _receive(self, attributes: str, actions: str = "") -> Script:
        inner = f"<action>\n{actions}</action>\n" if actions else ""
        return self._step(f"<recv {attributes}>\n{inner}</recv>")

    def _step(self, text: str) -> Script:
        self._steps.append(text + "\n")
        return self

    def _label(self) -> str:
        return f"label{next(self._labels)}"

    def _place(self, label: str) -> Script:
        return self._step(f'<label id="{label}"/>')

    def _go_to_end(self) -> Script:
        return self._step('<nop next="end"/>')


VIA = "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]\nMax-Forwards: 70"
