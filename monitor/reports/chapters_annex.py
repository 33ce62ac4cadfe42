"""The annex: every formula, the rules, how the charter is read, and how numbers are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.facts import Verdict
from monitor.calls.rules import Reading
from monitor.reports import charter
from monitor.reports.document import Column, Definition, Definitions, Kind, Paragraph, Section, Table
from monitor.reports.figures import Why
from monitor.reports.measures import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reports.subject import Subject


def annex(subject: Subject) -> Section:
    """The chapter."""
    _ = subject.words.text
    return Section(
        key="annex",
        title=_("Annex: rules and formulas"),
        blocks=(
            Paragraph(text=_("The charter promises: {promise}").format(promise=_quoted(charter.rings(subject.words)))),
            _rules(subject),
            Definitions(entries=tuple(readings(subject))),
            Definitions(
                entries=(
                    *formulas_of_the_promises(subject),
                    *_formulas_of_the_centre(subject),
                    *formulas_of_the_rest(subject),
                )
            ),
            Definitions(entries=tuple(_terms(subject))),
        ),
    )


def _quoted(text: str) -> str:
    return f"“{text}”"


def _rules(subject: Subject) -> Table:
    figures, words = subject.figures, subject.words
    _, _c = words.text, words.of
    return Table(
        key="rules",
        title=_("Ring rules of this report"),
        columns=(
            Column(key="rule", heading=_c("report", "Rule"), kind=Kind.TEXT),
            Column(key="limit", heading=_c("report", "Limit (rings)"), kind=Kind.COUNT),
            Column(key="period_seconds", heading=_c("report", "One ring (s)"), kind=Kind.SECONDS),
            Column(key="country", heading=_c("report", "Cadence of"), kind=Kind.TEXT),
            Column(key="headline", heading=_c("report", "Headline"), kind=Kind.TEXT),
            Column(key="within_seconds", heading=_c("report", "Within: under (s)"), kind=Kind.SECONDS),
            Column(key="before_seconds", heading=_c("report", "Before: under (s)"), kind=Kind.SECONDS),
            Column(key="holds_from", heading=_c("report", "Holds from"), kind=Kind.DAY),
            Column(key="calls", heading=_c("report", "Calls"), kind=Kind.COUNT),
        ),
        rows=tuple(
            (
                rule.label,
                rule.limit,
                seconds_of(rule.period_us),
                rule.country,
                words.reading(rule.headline, rule.limit),
                seconds_of(rule.limit * rule.period_us),
                seconds_of((rule.limit - 1) * rule.period_us),
                rule.holds_from,
                rule.calls,
            )
            for rule in figures.rules
        ),
    )


def readings(subject: Subject) -> Iterator[Definition]:
    """The two readings of the charter, and what judges a call under either."""
    words = subject.words
    _ = words.text
    yield Definition(
        term=subject.reading(Reading.WITHIN),
        text=_("The phone does not ring past the limit: how people say it, and how surveys of public bodies score it."),
        formula=_("rings ≤ limit"),
    )
    yield Definition(
        term=subject.reading(Reading.BEFORE),
        text=_("Answered before the limit's ring begins: the letter of the charter."),
        formula=_("rings < limit"),
    )
    yield Definition(
        term=_("rings"),
        text=_(
            "T is the time in which at least one phone of the centre rang for this caller until a person answered; "
            "phones ringing at once count once, pauses between phones do not count. No phone rang: 0."
        ),
        formula=_("rings = T / one ring, cut to a whole number, + 1"),
    )
    yield Definition(term=words.terms.verdicts[Verdict.KEPT], text=_("A person answered within the rule."))
    yield Definition(
        term=words.terms.verdicts[Verdict.BROKEN],
        text=_("It rang past the rule, however the call ended, or the centre gave up a call that had rung."),
    )
    yield Definition(
        term=words.terms.verdicts[Verdict.EXCLUDED],
        text=_(
            "The caller left while still within the rule, no phone rang, part of the call was not observed, or its "
            "source does not tell how long it rang. Excluded calls are counted with their reason."
        ),
    )


def formulas_of_the_promises(subject: Subject) -> Iterator[Definition]:
    """The formulas that the public record rests on."""
    words = subject.words
    _, _c = words.text, words.of
    yield Definition(
        term=_c("formula", "Compliance"),
        text=_("Excluded calls are in neither number. Source: the service charter."),
        formula=_("kept / (kept + broken)"),
    )
    yield Definition(
        term=_c("formula", "Answer rate"),
        text=_("Offered is every call to the line, menus included. Source: the common figure of public centres."),
        formula=_("answered / offered"),
    )
    yield Definition(
        term=_c("formula", "Handled directly"),
        text=_(
            "Passed out of the centre: by a person, to a target outside by the configured patterns, and neither failed "
            "nor returned. Source: the service charter."
        ),
        formula=_("(answered - passed out of the centre) / answered"),
    )
    yield Definition(
        term=_c("formula", "Asked first"),
        text=_("Transfers of which the dialplan reports nothing are in neither number. Source: the service charter."),
        formula=_("consent yes / (consent yes + consent no)"),
    )
    yield Definition(
        term=_c("formula", "Coverage"),
        text=_("Summed over the systems. Time before a system was first observed is unobserved time."),
        formula=_("observed time / time"),
    )


def formulas_of_the_rest(subject: Subject) -> Iterator[Definition]:
    """The formulas of calls back, cases and reviews, as far as there are figures of them."""
    words, told = subject.words, subject.figures.charter
    _, _c = words.text, words.of
    if told is None:
        return
    if any(one.owed for one in told.callbacks.values()) or any(one.received for one in told.commitments):
        yield Definition(
            term=_c("formula", "In time, share"),
            text=_(
                "Of calls back and of cases. What is not due yet, was withdrawn, or was settled before by the person's "
                "own call, is in neither number. Source: the service charter."
            ),
            formula=_("in time / (in time + late + passed undone)"),
        )
    if told.reviews is not None:
        yield Definition(
            term=_c("formula", "Share met, of a sample"),
            text=_(
                "W: the part of all answered calls that an agent's calls are; p: the share met among those marked. The "
                "interval is Wilson's, for a sample of size 1 / Σ (W² / n). Source: Cochran, Sampling Techniques; "
                "Wilson 1927."
            ),
            formula="Σ W · p",
        )
        yield Definition(
            term=_c("formula", "Kappa"),
            text=_(
                "Of calls that two people marked: how often they agree, and how often chance alone would have them "
                "agree. The words are those of Landis and Koch. Source: Cohen 1960; Landis and Koch 1977."
            ),
            formula=_("(agreed - by chance) / (1 - by chance)"),
        )


def _formulas_of_the_centre(subject: Subject) -> Iterator[Definition]:
    """The usual figures of a centre, and the survey."""
    words, figures = subject.words, subject.figures
    _, _c = words.text, words.of
    within, short = words.limit(figures.within_us), words.limit(figures.short_us)
    yield Definition(
        term=_c("formula", "Abandon rate"),
        text=_(
            "Abandoned are callers who left before a person answered. Short ones left sooner than {short} after asking "
            "for a person; the rate is given with them (short = 0) and without."
        ).format(short=short),
        formula=_("(abandoned - short) / (offered - short)"),
    )
    yield Definition(
        term=_c("formula", "ASA"),
        text=_("Of answered calls whose waiting is known. Waiting runs from asking for a person to the answer."),
        formula=_("sum of waiting / answered calls"),
    )
    yield Definition(
        term=_c("formula", "p50, p90, p95"),
        text=_("Nearest rank: always a duration that really occurred."),
        formula=_("the duration at place share · count, rounded up, in ascending order"),
    )
    yield Definition(
        term=_c("formula", "SL"),
        text=_("x = {within} of waiting.").format(within=within),
        formula=_("answered within x / answered calls whose waiting is known"),
    )
    yield Definition(
        term=_c("formula", "SL2"),
        text=_(
            "x = {within}, of calls whose waiting is known. Abandoned: callers who had asked for a person and left."
        ).format(within=within),
        formula=_("(answered within x + abandoned within x) / (answered + abandoned)"),
    )
    yield Definition(
        term=_c("formula", "Service factor"),
        text=_("x = {within} of waiting.").format(within=within),
        formula=_("answered within x / offered"),
    )
    yield Definition(
        term=_c("formula", "Survey of mystery callers"),
        text=_(
            "The chance that k of n callers hear the promise kept, where of N judged calls K were kept; n is 100, or N "
            "where there are fewer, and no call is drawn twice. The range leaves out at most 25 of 1,000 such surveys "
            "at each end."
        ),
        formula="C(K, k) · C(N - K, n - k) / C(N, n)",
    )


def _terms(subject: Subject) -> Iterator[Definition]:
    words = subject.words
    _, _c = words.text, words.of
    yield Definition(
        term=_c("formula", "Worst hours"),
        text=_(
            "The ten local clock hours with most calls broken or not answered. Their callers' waiting is parted by "
            "what held it up, and the largest part is the reason."
        ),
    )
    meanings = {
        Why.PHONES_UNANSWERED: _("A phone rang, and nobody picked it up."),
        Why.ALL_BUSY: _("Members of the queue were signed in, and none of them free."),
        Why.NOT_OFFERED: _("A member was free and no phone rang: the queue's own pause between two tries."),
        Why.NOBODY_SIGNED_IN: _("No member was signed in, or all were paused or away."),
        Why.NOT_OBSERVED: _("The ledger does not know what the members did."),
    }
    for why in Why:
        yield Definition(term=words.whys[why], text=meanings[why])
    yield Definition(
        term=_c("formula", "How numbers are written"),
        text=_(
            "Seconds are cut to tenths and not rounded, so that 8.96 s is never read as 9.0 s. Shares are rounded to "
            "tenths of a per cent, but only all is written 100.0 %, and only none 0.0 %. A hyphen stands where there "
            "is no figure: no calls is not 0 %."
        ),
    )
    yield Definition(
        term=_c("formula", "Day and hour"),
        text=_("Local time of {zone}; a call belongs to the day and half-hour in which it came in.").format(
            zone=subject.figures.period.zone.key
        ),
    )
