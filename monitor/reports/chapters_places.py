"""Where and by whom: teams, queues, lines, agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import AttemptResult, Verdict
from monitor.calls.formulas import compliance, ratio
from monitor.calls.tally import Tally
from monitor.reports.document import Chart, Column, Form, Kind, Paragraph, Quotient, Section, Table
from monitor.reports.measures import Row, plain, seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.reports.document import Block, Value
    from monitor.reports.figures import AgentFigures
    from monitor.reports.subject import Subject

DRAWN = 25
"""More bars than these cannot be read; a table holds them all."""


def queues(subject: Subject) -> Section:
    """The chapter of queues, and of lines where there are several."""
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    named = ((_("no queue") if queue is None else queue, tally) for queue, tally in figures.queues.items())
    blocks = _tallies(subject, "queues", _("By queue"), _c("report", "Queue"), named)
    if subject.several_lines:
        blocks += _tallies(subject, "lines", _("By line"), _c("report", "Line"), figures.by_line.items())
    title = _("By queue and line") if subject.several_lines else _("By queue")
    return Section(key="queues", title=title, blocks=tuple(blocks))


def teams(subject: Subject) -> Section | None:
    """The chapter of teams on the same line; None where no team is configured and no call is any team's."""
    if not subject.house.teams and not set(subject.figures.teams) - {None}:
        return None
    return Section(key="teams", title=subject.words.text("By team"), blocks=tuple(teams_blocks(subject)))


def teams_blocks(subject: Subject) -> list[Block]:
    """Figures by team, drawn and as a table."""
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    tallies: dict[str | None, Tally] = {name: Tally() for name in subject.house.teams}
    tallies |= figures.teams
    named = ((team_name(subject, team), tally) for team, tally in tallies.items())
    return _tallies(subject, "teams", _("By team"), _c("report", "Team"), named)


def team_name(subject: Subject, team: str | None) -> str:
    """What a team is called."""
    if team is None:
        return subject.words.text("no team")
    return team if subject.words.language == "ko" else subject.house.teams.get(team, team)


def by_offered(named: Iterable[tuple[str, Tally]]) -> list[tuple[str, Tally]]:
    """Those with the most calls first."""
    return sorted(named, key=lambda item: (-item[1].offered, item[0]))


def _tallies(subject: Subject, key: str, title: str, heading: str, named: Iterable[tuple[str, Tally]]) -> list[Block]:
    words, figures = subject.words, subject.figures
    _ = words.text
    ordered = by_offered(named)
    column = key.removesuffix("s")
    table = subject.measures.table(
        key,
        title,
        heads=plain({column: (heading, Kind.TEXT)}),
        rows=[Row(head=(name,), tally=tally) for name, tally in ordered],
        keys=("offered", "answered", "answer_rate", *subject.judgement_keys, "asa_seconds", "direct_handling_rate"),
        total=figures.whole,
        note={
            "queues": _("All calls. The queue is that of the answer, else the last in which the caller waited."),
            "teams": _("All calls. The team is that of the queue, else of the last choice the caller made in a menu."),
        }.get(key, _("All calls.")),
        empty=words.of("report", "No calls."),
    )
    if not 2 <= len(ordered) <= DRAWN:
        return [table]
    judged = [(name, rate) for name, tally in ordered if (rate := subject.compliance(tally)) is not None]
    if not judged:
        return [table]
    lowest = min(judged, key=lambda item: item[1])
    chart = Chart(
        key=f"{key}_chart",
        title=_("Compliance ({reading}): {title}").format(reading=subject.reading(subject.headline), title=title),
        alt=_("The lowest is {name} with {rate}.").format(name=lowest[0], rate=words.percent(lowest[1])),
        form=Form.ROWS,
        table=key,
        category=column,
        values=(f"compliance_{subject.headline}",),
        target=subject.house.target,
    )
    return [chart, table]


def agents(subject: Subject) -> Section:
    """The chapter of agents; where they are left out, it says so."""
    figures, words = subject.figures, subject.words
    _ = words.text
    title = _("Agents")
    if not figures.agents:
        text = (
            _("Figures of single agents are left out.")
            if not subject.order.agents
            else _("There are no figures of single agents.")
        )
        return Section(key="agents", title=title, blocks=(Paragraph(text=text),))
    table = _agents(subject)
    blocks: list[Block] = [table]
    unanswered = max(figures.agents, key=lambda agent: agent.attempts.get(AttemptResult.NO_ANSWER, 0))
    if 2 <= len(figures.agents) <= DRAWN and unanswered.attempts.get(AttemptResult.NO_ANSWER, 0):
        blocks.insert(
            0,
            Chart(
                key="agents_chart",
                title=_("Ring-no-answer by agent"),
                alt=_("Most often it was {name}: {count} of {attempts} ring attempts.").format(
                    name=_name(unanswered, figures.agents),
                    count=words.count(unanswered.attempts.get(AttemptResult.NO_ANSWER, 0)),
                    attempts=words.count(sum(unanswered.attempts.values())),
                ),
                form=Form.ROWS,
                table="agents",
                category="member",
                values=("no_answer",),
            ),
        )
    return Section(key="agents", title=title, blocks=tuple(blocks))


_PRINTED_RESULTS = (AttemptResult.NO_ANSWER,)
"""Results of ring attempts that print shows; sheets hold all."""


def _agents(subject: Subject) -> Table:
    words, figures = subject.words, subject.figures
    _, _c = words.text, words.of
    others = [result for result in AttemptResult if result not in (*_PRINTED_RESULTS, AttemptResult.ANSWERED)]
    columns = (
        Column(key="member", heading=_c("report", "Agent"), kind=Kind.TEXT),
        Column(key="phone", heading=_c("report", "Phone"), kind=Kind.TEXT),
        Column(key="system", heading=_c("report", "System"), kind=Kind.TEXT, printed=False),
        _counted("answered", _c("report", "Answered")),
        _counted("kept", _c("report", "Kept")),
        Column(
            key="kept_share",
            heading=_c("report", "Kept share"),
            kind=Kind.SHARE,
            quotient=Quotient(numerator=("kept",), denominator=("kept", "broken")),
        ),
        _counted("pickups", _c("report", "Pickups")),
        _counted("attempts", _c("report", "Ring attempts")),
        _counted("no_answer", _c("report", "Ring-no-answer")),
        _quotient("no_answer_share", _c("report", "Ring-no-answer share"), "no_answer", "attempts"),
        Column(key="talking_seconds", heading=_c("report", "Talking"), kind=Kind.DURATION, summed=True),
        _counted("transfers", _c("report", "Transfers")),
        Column(
            key="broken",
            heading=words.heading(words.terms.verdicts[Verdict.BROKEN]),
            kind=Kind.COUNT,
            summed=True,
            printed=False,
        ),
        Column(key="ringing_seconds", heading=_c("report", "Ringing"), kind=Kind.DURATION, summed=True, printed=False),
        *(
            Column(
                key=f"attempts_{result}",
                heading=_c("report", "Ring attempts: {result}").format(result=words.terms.attempt_results[result]),
                kind=Kind.COUNT,
                summed=True,
                printed=False,
            )
            for result in others
        ),
    )
    rows = tuple(
        (_name(agent, figures.agents), agent.agent, agent.system, *_of_agents([agent], others))
        for agent in figures.agents
    )
    return Table(
        key="agents",
        title=_("By agent"),
        columns=columns,
        rows=rows,
        total=(_c("report", "Total"), None, None, *_of_agents(figures.agents, others)),
        note=_(
            "Answered: calls this phone answered first; kept: those of them within the promise ({reading}), and their "
            "share of those judged. A call may ring at several phones one after another, so ring attempts are more "
            "than calls, and a call answered late may have been let ring by others before. Ring-no-answer: the phone "
            "rang until it was given up."
        ).format(reading=subject.reading(subject.headline)),
    )


def _name(agent: AgentFigures, agents: Iterable[AgentFigures]) -> str:
    """The member's or the phone's, with the system where another system has a phone of that name."""
    name = agent.member or agent.agent
    elsewhere = any(other.agent == agent.agent and other.system != agent.system for other in agents)
    return f"{name} ({agent.system})" if elsewhere else name


def _counted(key: str, heading: str) -> Column:
    return Column(key=key, heading=heading, kind=Kind.COUNT, summed=True)


def _quotient(key: str, heading: str, part: str, whole: str) -> Column:
    return Column(key=key, heading=heading, kind=Kind.SHARE, quotient=Quotient(numerator=(part,), denominator=(whole,)))


def _of_agents(agents: Iterable[AgentFigures], others: Iterable[AttemptResult]) -> tuple[Value, ...]:
    """The figures of one agent, or of all together."""
    agents = tuple(agents)
    answered, kept = sum(agent.answered for agent in agents), sum(agent.kept for agent in agents)
    broken = sum(agent.broken for agent in agents)
    attempts = sum(sum(agent.attempts.values()) for agent in agents)
    unanswered = sum(agent.attempts.get(AttemptResult.NO_ANSWER, 0) for agent in agents)
    return (
        answered,
        kept,
        compliance(kept, broken),
        sum(agent.pickups for agent in agents),
        attempts,
        unanswered,
        ratio(unanswered, attempts),
        seconds_of(sum(agent.talking_us for agent in agents)),
        sum(agent.transfers for agent in agents),
        broken,
        seconds_of(sum(agent.ringing_us for agent in agents)),
        *(sum(agent.attempts.get(result, 0) for agent in agents) for result in others),
    )
