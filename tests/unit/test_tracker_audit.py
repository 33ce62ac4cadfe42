"""What an auditor tried in order to make the figures wrong."""

from __future__ import annotations

from monitor.calls.facts import TransferKind, TransferResult
from tests.unit.wire import Leg, Wire, read


def talking(wire: Wire) -> tuple[Leg, Leg]:
    """agent1 answers at 2."""
    caller = wire.at(0).enters()
    wire.runs(caller, "Dial", "PJSIP/agent1,60")
    agent = wire.dials(caller, "PJSIP/agent1")
    wire.rings(agent)
    wire.at(2).answers(caller, agent)
    return caller, agent


# -- transfers ---------------------------------------------------------------------------------------------------------


def test_a_refer_on_the_consultations_own_leg() -> None:
    """agent1 speaks with 202 from 13 to 20, and refers the leg it called 202 on: 7 s asked first, held 10 to 20."""
    wire = Wire()
    caller, agent = talking(wire)
    wire.at(10).event("Hold", **agent.headers())
    second = wire.enters(dialled="202", caller="201", trunk="PJSIP/agent1", context="inside")
    target = wire.dials(second, "PJSIP/agent2")
    wire.rings(target)
    wire.at(13).answers(second, target)
    wire.at(20).event(
        "AttendedTransfer",
        Result="Success",
        **second.headers("OrigTransferer"),
        **agent.headers("SecondTransferer"),
        **target.headers("Transferee"),
        **caller.headers("TransferTarget"),
        TransferTargetExten="15886565",
        DestType="Bridge",
    )
    bridge = agent.bridge
    wire.parts(target).meet(bridge, target).parts(agent)
    wire.ends(second, agent)
    wire.at(30).ends(caller, target, by=caller)
    (transfer,) = read(wire).call.transfers
    assert (transfer.kind, transfer.to, transfer.by) == (TransferKind.ATTENDED, "202", "PJSIP/agent1")
    assert (transfer.announced, transfer.consultation_us, transfer.caller_hold_us) == (True, 7_000_000, 10_000_000)
    assert transfer.result is TransferResult.COMPLETED
