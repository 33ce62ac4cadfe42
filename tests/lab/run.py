"""Running scenarios: one after another for clean recordings, or all side by side."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .ami import Recorder, act
from .asterisk import Asterisk, LabError, PortBlock
from .configuration import Endpoint, Settings
from .phones import Sipp, SippPlace
from .sip import Script
from .wire import Leg, in_order, legs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .scenario import Caller, ManagerAct, Phone, Scenario

BETWEEN_STARTS_SECONDS = 0.15
SIDE_BY_SIDE = 20
"""How many scenarios run at once. A SIPp process looks for work a thousand times a second and so takes a hundredth of
a processor though it does nothing; more of them at once, and it is they who are measured."""
CROWD_PHONES = "crowd-phones"
CROWD_CALLERS = "crowd-callers"


def named(leg: Leg) -> Leg:
    """Name the party of a leg that one SIPp process played for many."""
    if leg.party == CROWD_CALLERS:
        return replace(leg, party=leg.caller)
    if leg.party == CROWD_PHONES:
        return replace(leg, party="PJSIP/" + leg.dialled.rpartition("-ring")[0])
    return leg


@dataclass(kw_only=True)
class Played:
    """A scenario that was played, and what passed on the wire."""

    scenario: Scenario
    legs: list[Leg] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """What went otherwise than the scripts say; empty after a good run."""

    def of(self, party: str) -> list[Leg]:
        """Return the dialogs of one party: a caller's number, or a phone's name in the scenario."""
        names = {phone.name: self.scenario.interface_of(phone) for phone in self.scenario.phones}
        return [leg for leg in self.legs if leg.party == names.get(party, party)]


class Stage:
    """An Asterisk configured for some scenarios, with a SIPp process for each of their parties.

    Use it as a context manager.
    """

    def __init__(self, scenarios: Sequence[Scenario], settings: Settings | None = None) -> None:
        """Prepare; nothing runs yet.

        Args:
            scenarios: which scenarios can be played.
            settings: how Asterisk is configured beside their endpoints, dialplan and queues.
        """
        self._stack = contextlib.ExitStack()
        self._block = PortBlock()
        self._stack.callback(self._block.release)
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="callmonitor-lab-")))
        self._places: dict[tuple[str, str], SippPlace] = {}
        for scenario in scenarios:
            parties = [*(phone.name for phone in scenario.phones), *(caller.number for caller in scenario.callers)]
            if scenario.crowd:
                parties += [CROWD_PHONES, CROWD_CALLERS]
            for party in parties:
                place = SippPlace(ports=self._block.ports, number=len(self._places))
                self._places[scenario.name, party] = place
        self.scenarios = {scenario.name: scenario for scenario in scenarios}
        self.asterisk = Asterisk(self._configured(settings or Settings()), self._block)

    def __enter__(self) -> Self:
        """Start Asterisk."""
        with contextlib.ExitStack() as undo:
            undo.callback(self._stack.close)
            self._stack.enter_context(self.asterisk)
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything and remove the files."""
        self._stack.close()

    def recorder(self, account: str) -> Recorder:
        """Open a recording connection under one of the manager accounts."""
        return Recorder(self.asterisk.host, self.asterisk.ports.ami, account=account)

    def play(self, names: Sequence[str], recorder: Recorder) -> list[Played]:
        """Play scenarios side by side and wait for the end of every call.

        Args:
            names: which scenarios.
            recorder: the connection that tells when a manager action is due and when all calls have ended.
        """
        played = [Played(scenario=self.scenarios[name]) for name in names]
        places = threading.BoundedSemaphore(SIDE_BY_SIDE)
        threads = []
        for one in played:
            places.acquire()
            thread = threading.Thread(target=self._play_one, args=(one, recorder, places.release))
            thread.start()
            threads.append(thread)
            # Calls that all begin in one instant would measure the machine and not Asterisk.
            time.sleep(BETWEEN_STARTS_SECONDS)
        for thread in threads:
            thread.join()
        return played

    def _configured(self, settings: Settings) -> Settings:
        scenarios = self.scenarios.values()
        files: dict[str, str] = dict(settings.extra_files)
        for scenario in scenarios:
            for name, text in scenario.files.items():
                files[name] = files.get(name, "") + scenario.own(text)
        return replace(
            settings,
            endpoints=settings.endpoints
            + tuple(endpoint for scenario in scenarios for endpoint in self._endpoints(scenario)),
            dialplan=settings.dialplan + "".join(scenario.dialplan() for scenario in scenarios),
            queues=settings.queues + "".join(scenario.queues() for scenario in scenarios),
            extra_files=files,
        )

    def _endpoints(self, scenario: Scenario) -> list[Endpoint]:
        endpoints = scenario.endpoints(lambda phone: self._places[scenario.name, phone.name].sip)
        if scenario.crowd:
            port = self._places[scenario.name, CROWD_PHONES].sip
            endpoints += scenario.crowd.endpoints(scenario.name, port)
        return endpoints

    def _folder_of(self, scenario: Scenario) -> Path:
        folder = self._folder / scenario.name
        folder.mkdir(exist_ok=True)
        return folder

    def _phones(self, scenario: Scenario) -> list[Sipp]:
        phones = [self._phone(scenario, phone) for phone in scenario.phones if not phone.places_call]
        if scenario.crowd:
            phones.append(
                Sipp(
                    party=CROWD_PHONES,
                    script=scenario.crowd.phone(Script("phone")),
                    place=self._places[scenario.name, CROWD_PHONES],
                    folder=self._folder_of(scenario),
                )
            )
        return phones

    def _phone(self, scenario: Scenario, phone: Phone) -> Sipp:
        return Sipp(
            party=scenario.interface_of(phone),
            script=phone.does(Script(scenario.endpoint_of(phone))),
            place=self._places[scenario.name, phone.name],
            folder=self._folder_of(scenario),
        )

    def _callers(self, scenario: Scenario) -> list[Sipp]:
        dialling = [self._phone(scenario, phone) for phone in scenario.phones if phone.places_call]
        callers = [self._caller(scenario, caller) for caller in scenario.callers]
        if scenario.crowd:
            folder = self._folder_of(scenario)
            (folder / "callers.csv").write_text(scenario.crowd.calls_file(), encoding="ascii")
            callers.append(
                Sipp(
                    party=CROWD_CALLERS,
                    script=scenario.crowd.caller(Script("[field0]", trunk=scenario.trunk)),
                    place=self._places[scenario.name, CROWD_CALLERS],
                    folder=folder,
                    calls_file=folder / "callers.csv",
                    calls=len(scenario.crowd.numbers),
                )
            )
        return [*callers, *dialling]

    def _caller(self, scenario: Scenario, caller: Caller) -> Sipp:
        return Sipp(
            party=caller.number,
            script=caller.does(Script(caller.number, trunk=scenario.trunk, name=caller.name)),
            place=self._places[scenario.name, caller.number],
            folder=self._folder_of(scenario),
        )

    def _play_one(self, played: Played, recorder: Recorder, done: Callable[[], None]) -> None:
        """Play one scenario to its end, in a thread of its own: what it starts does not outlive the thread."""
        scenario = played.scenario
        phones, callers = self._phones(scenario), self._callers(scenario)
        deadline = time.monotonic() + scenario.seconds
        try:
            for sipp in phones:
                sipp.start()
            for sipp in phones:
                sipp.wait_until_bound()
            for sipp in callers:
                sipp.start(places_calls=True)
            for wanted in scenario.acts:
                self._act(wanted, recorder, deadline)
            for sipp in callers:
                status = sipp.wait(max(deadline - time.monotonic(), 1.0), lambda: recorder.ended)
                if status != 0:
                    played.errors.append(f"SIPp for {sipp.party} ended with {status}: {sipp.said()}")
            # A phone may end its call a moment after the caller did.
            recorder.wait_until_calls_end(seconds=15, among=scenario.owns)
        except (LabError, OSError) as error:
            played.errors.append(str(error))
        finally:
            for sipp in [*phones, *callers]:
                sipp.stop()
            done()
        played.legs = in_order(named(leg) for sipp in [*phones, *callers] for leg in legs_of(sipp.party, sipp.messages))

    def _act(self, wanted: ManagerAct, recorder: Recorder, deadline: float) -> None:
        seconds = deadline - time.monotonic()
        packet = recorder.wait_for(wanted.when, seconds=seconds, what=f"event for {wanted.action}")
        # The scenario says how long people speak before this.
        time.sleep(wanted.after_seconds)
        act(self.asterisk.host, self.asterisk.ports.ami, wanted.action, **wanted.values(packet))


@contextlib.contextmanager
def stage(scenarios: Sequence[Scenario], settings: Settings | None = None) -> Iterator[Stage]:
    """Start an Asterisk that can play the given scenarios, and stop it afterwards."""
    with Stage(scenarios, settings) as started:
        yield started
