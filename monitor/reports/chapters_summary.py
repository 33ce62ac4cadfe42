"""The first page: what the period came to in sentences and in large type, and what must not be overlooked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.calls.facts import Scope, Source, TransferKind
from monitor.calls.formulas import nearest_rank
from monitor.reports.document import Kind, Notice, Paragraph, Section, Tile, Tiles
from monitor.reports.measures import Row, plain
from monitor.reports.periods import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from monitor.calls.rules import Reading
    from monitor.calls.tally import Tally
    from monitor.reports.document import Block, Table
    from monitor.reports.subject import Subject


_LONG_SILENCE = timedelta(days=3)
"""Longer than any weekend without calls or anybody signing in; a monitor that was killed looks the same."""


def summary(subject: Subject) -> Section:
    """The chapter."""
    _ = subject.words.text
    blocks: list[Block] = [Paragraph(text=text) for text in sentences(subject)]
    if not subject.silent:
        blocks.append(Tiles(tiles=tuple(_tiles(subject))))
    blocks += [Notice(text=text) for text in (*notices(subject), *_undone(subject))]
    if not subject.silent:
        if subject.judged_apart:
            text = _(
                "Figures by hours, day, half-hour, queue, line and agent, the worst hours, calls to return and "
                "transfers are of all calls."
            )
            blocks.append(Notice(text=text))
        blocks.append(_comparison(subject))
    return Section(key="summary", title=_("Summary"), blocks=tuple(blocks))


# -- sentences


def sentences(subject: Subject) -> Iterator[str]:
    """What the period came to, in one to three sentences."""
    figures, words = subject.figures, subject.words
    _, ngettext = words.text, words.number
    if subject.silent:
        yield silence(subject)
        return
    whole, judged = figures.whole, figures.judged
    came = (
        ngettext(
            "{count} call came in, and a person answered it.",
            "{count} calls came in, and people answered {answered} ({rate}).",
            whole.offered,
        )
        if whole.answered
        else ngettext(
            "{count} call came in, and nobody answered it.",
            "{count} calls came in, and nobody answered any of them.",
            whole.offered,
        )
    )
    yield came.format(
        count=words.count(whole.offered), answered=words.count(whole.answered), rate=words.percent(whole.answer_rate)
    )
    kept, broken = judged.kept(subject.headline), judged.broken(subject.headline)
    if not kept + broken:
        yield _("The promise could be judged on none of them, so compliance has no figure: none is not 0 %.")
    elif broken:
        yield ngettext(
            "The promise ({reading}) was judged on {count} call: {kept} kept, {broken} broken, compliance {rate}.",
            "The promise ({reading}) was judged on {count} calls: {kept} kept, {broken} broken, compliance {rate}.",
            kept + broken,
        ).format(
            reading=subject.reading(subject.headline),
            count=words.count(kept + broken),
            kept=words.count(kept),
            broken=words.count(broken),
            rate=words.percent(subject.compliance(judged)),
        )
    else:
        yield ngettext(
            "The promise ({reading}) was judged on {count} call, and kept.",
            "The promise ({reading}) was judged on {count} calls, and kept in all of them.",
            kept,
        ).format(reading=subject.reading(subject.headline), count=words.count(kept))


def silence(subject: Subject) -> str:
    """Why there is nothing to tell: nobody called, or nobody looked."""
    _ = subject.words.text
    coverage = subject.figures.coverage
    if subject.figures.period.since >= subject.figures.made_at:
        return _("This period has not begun. There is nothing to tell of it yet.")
    if not coverage:
        return _(
            "Nothing of this period was observed, so nothing can be said of it. That does not mean that nobody called."
        )
    if coverage < 1:
        return _(
            "No call came in while the line was observed. Of the time that was not observed nothing can be said. "
            "Quotients have no figure: no calls is not 0 %."
        )
    return _("No call came in during this period. Quotients have no figure: no calls is not 0 %.")


# -- tiles


def _tiles(subject: Subject) -> Iterator[Tile]:
    figures, words = subject.figures, subject.words
    judged = figures.judged
    _, _c = words.text, words.of
    yield compliance_tile(subject, subject.headline, against=True)
    yield compliance_tile(subject, subject.other)
    yield Tile(
        key="offered",
        label=_c("report", "Offered"),
        value=judged.offered,
        kind=Kind.COUNT,
        detail=tuple(changes(subject, lambda tally: tally.offered, words.more_calls)),
    )
    yield answer_rate_tile(subject)
    yield Tile(
        key="asa_seconds",
        label=_c("report", "ASA"),
        value=None if judged.asa_us is None else judged.asa_us / 1_000_000,
        kind=Kind.SECONDS,
        detail=(
            _("mean waiting of answered calls"),
            *changes(subject, lambda tally: tally.asa_us, words.more_seconds),
        ),
    )
    yield Tile(
        key="direct_handling_rate",
        label=_c("report", "Handled directly"),
        value=judged.direct_handling_rate,
        kind=Kind.SHARE,
        detail=(
            _("passed out of the centre: {count}").format(count=words.calls(judged.left_the_centre)),
            *changes(subject, lambda tally: tally.direct_handling_rate, words.points),
        ),
    )
    yield Tile(
        key="excluded",
        label=_c("report", "Excluded from compliance"),
        value=sum(judged.excluded.values()),
        kind=Kind.COUNT,
        detail=tuple(
            _("{reason}: {count}").format(reason=words.terms.verdict_reasons[reason], count=words.count(count))
            for reason, count in judged.excluded.most_common(2)
            if count
        ),
    )
    yield coverage_tile(subject)


def coverage_tile(subject: Subject) -> Tile:
    """Coverage, with how long was not observed."""
    words, figures = subject.words, subject.figures
    _, _c = words.text, words.of
    return Tile(
        key="coverage",
        label=_c("report", "Coverage"),
        value=figures.coverage,
        kind=Kind.SHARE,
        detail=(
            _("not observed: {duration}").format(duration=words.duration(figures.unobserved_us))
            if figures.unobserved_us
            else _("observed throughout"),
        ),
    )


def answer_rate_tile(subject: Subject) -> Tile:
    """The answer rate, with the calls it is made of."""
    words, judged = subject.words, subject.figures.judged
    _, _c = words.text, words.of
    return Tile(
        key="answer_rate",
        label=_c("report", "Answer rate"),
        value=judged.answer_rate,
        kind=Kind.SHARE,
        detail=(
            _("{part} of {count}").format(part=words.count(judged.answered), count=words.calls(judged.offered)),
            *changes(subject, lambda tally: tally.answer_rate, words.points),
        ),
    )


def compliance_tile(subject: Subject, reading: Reading, *, against: bool = False) -> Tile:
    """Compliance under one reading, for the headline against the institution's own target."""
    words, judged = subject.words, subject.figures.judged
    _, _c = words.text, words.of
    kept, broken = judged.kept(reading), judged.broken(reading)
    detail = [_("kept {kept} · broken {broken}").format(kept=words.count(kept), broken=words.count(broken))]
    state = "plain"
    if against and subject.house.target is not None and kept + broken:
        # Counted in calls, so that 94.96 % is never said to have missed a 95.0 % that it seems to be.
        short = nearest_rank(kept + broken, subject.house.target) - kept
        target = words.percent(subject.house.target)
        state = "bad" if short > 0 else "good"
        detail.append(
            _("target {target} missed by {count}").format(target=target, count=words.calls(short))
            if short > 0
            else _("target {target} reached").format(target=target)
        )
    return Tile(
        key=f"compliance_{reading}",
        label=_c("report", "Compliance ({reading})").format(reading=subject.reading(reading)),
        value=judged.compliance(reading),
        kind=Kind.SHARE,
        detail=(*detail, *changes(subject, lambda tally: tally.compliance(reading), words.points)),
        state=state,
    )


def changes(subject: Subject, of: Callable[[Tally], float | None], write: Callable[[float], str]) -> Iterator[str]:
    """How a figure stands against the period before and that of a year before, as far as they have one."""
    now = of(subject.figures.judged)
    _ = subject.words.text
    for name, tally in earlier(subject):
        then = None if tally is None else of(tally)
        if then is not None and now is not None:
            yield _("{change} against {earlier}").format(change=write(now - then), earlier=name)


def earlier(subject: Subject) -> tuple[tuple[str, Tally | None], ...]:
    """The periods compared with, and what they are called."""
    _ = subject.words.text
    figures = subject.figures
    before, year = {
        Span.MONTH: (_("the month before"), _("the same month last year")),
        Span.HALF: (_("the half-year before"), _("the same half-year last year")),
        Span.DAYS: (_("as many days before"), _("the same days last year")),
    }[figures.period.span]
    return ((before, figures.before), (year, figures.year_before))


# -- notices


def notices(subject: Subject) -> Iterator[str]:
    """What must not be overlooked."""
    figures, words = subject.figures, subject.words
    _, ngettext = words.text, words.number
    if figures.period.since < figures.made_at < figures.period.until:
        yield _("The period is not over. These figures reach up to {instant}.").format(
            instant=words.instant(figures.made_at.astimezone(figures.period.zone))
        )
    if figures.coverage is not None and figures.coverage < 1 and not (subject.silent and not figures.coverage):
        yield _(
            "Coverage is {coverage}: {duration} went unobserved. Calls of that time are missing here, or were "
            "seen in part."
        ).format(coverage=words.percent(figures.coverage), duration=words.duration(figures.unobserved_us))
    end_at = min(figures.period.until, figures.made_at)
    if figures.last_seen_at is not None and end_at - figures.last_seen_at > _LONG_SILENCE and figures.coverage:
        yield _(
            "The last thing the ledger knows is of {instant}. It does not tell whether the monitor was running after "
            "that: coverage may be lower than it stands here."
        ).format(instant=words.instant(figures.last_seen_at.astimezone(figures.period.zone)))
    if figures.recounted:
        yield _(
            "Counted again under another rule than that of the time ({rule}). These are no figures of record; what is "
            "stored has not changed."
        ).format(rule=subject.rule.label)
    if len(figures.rules) > 1:
        yield _("{count} rules judged calls of this period: {rules}. Compliance counts each call by its own.").format(
            count=len(figures.rules), rules=", ".join(rule.label for rule in figures.rules)
        )
    if subject.judged_apart:
        yield _("The promise is judged on the calls of working time: {judged} of {whole}.").format(
            judged=words.count(figures.judged.offered), whole=words.calls(figures.whole.offered)
        )
    yield from _of_sources(subject)
    unknown = sum(
        count
        for (kind, scope, _result), count in figures.transfers.counts.items()
        if scope is Scope.UNKNOWN and kind is not TransferKind.FORWARD
    )
    if unknown:
        yield ngettext(
            "Of {count} transfer the configured patterns do not tell whether it left the centre. It is not taken for "
            "one that did, so direct handling may be lower than it stands here.",
            "Of {count} transfers the configured patterns do not tell whether they left the centre. They are not taken "
            "for such, so direct handling may be lower than it stands here.",
            unknown,
        ).format(count=words.count(unknown))
    for name, tally in earlier(subject):
        now = {rule.label for rule in figures.rules}
        if tally is not None and not (subject.silent or figures.recounted) and set(+tally.rules) - now:
            yield _("Compliance of {earlier} was judged under another rule: {rules}.").format(
                earlier=name, rules=", ".join(sorted(set(+tally.rules)))
            )


def _undone(subject: Subject) -> Iterator[str]:
    """What was promised by a day that has passed, and is still to be done."""
    words, told = subject.words, subject.figures.charter
    ngettext = words.number
    if told is None:
        return
    never = sum(one.never for one in told.callbacks.values())
    if never:
        yield ngettext(
            "{count} call back of this period is past its deadline, and nobody called.",
            "{count} calls back of this period are past their deadline, and nobody called.",
            never,
        ).format(count=words.count(never))
    overdue = sum(one.overdue for one in told.commitments) if subject.of_all else 0
    if overdue:
        yield ngettext(
            "{count} case of this period is past its deadline, and not done.",
            "{count} cases of this period are past their deadline, and not done.",
            overdue,
        ).format(count=words.count(overdue))


def _of_sources(subject: Subject) -> Iterator[str]:
    figures, words = subject.figures, subject.words
    ngettext = words.number
    brought = sum(count for source, count in figures.sources.items() if source is not Source.AMI)
    if brought:
        yield ngettext(
            "{count} call was brought in from records of before the monitor. Such records do not tell exact ringing or "
            "transfers made by a phone; what they cannot tell is left open, and not guessed.",
            "{count} calls were brought in from records of before the monitor. Such records do not tell exact ringing "
            "or transfers made by a phone; what they cannot tell is left open, and not guessed.",
            brought,
        ).format(count=words.count(brought))


# -- the comparison


def _comparison(subject: Subject) -> Table | Paragraph:
    words = subject.words
    _, _c = words.text, words.of
    named = compared(subject)
    if len(named) == 1:
        return Paragraph(text=_("The ledger has no call of the period before or a year before to compare with."))
    return subject.measures.table(
        "comparison",
        _("Against earlier periods"),
        heads=plain({"period": (_c("report", "Period"), Kind.TEXT)}),
        rows=[Row(head=(name,), tally=tally) for name, tally in named],
        keys=("offered", "answered", "answer_rate", *subject.judgement_keys, "asa_seconds", "direct_handling_rate"),
        note=_("Of the calls the promise is judged on. A period the ledger knows no call of is left out."),
    )


def compared(subject: Subject) -> list[tuple[str, Tally]]:
    """This period and those it is compared with, as far as the ledger has a call of them."""
    figures, words = subject.figures, subject.words
    candidates = (
        (figures.period, figures.judged),
        (figures.period.before(), figures.before),
        (figures.period.year_before(), figures.year_before),
    )
    return [(words.period(period), tally) for period, tally in candidates if tally is not None]
