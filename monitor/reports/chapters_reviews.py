"""Reviews: what people heard who listened to a random sample of calls, and how far they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.reports.document import Column, Kind, Paragraph, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reports.charter_figures import ReviewFigures, Share
    from monitor.reports.document import Block, Value
    from monitor.reports.subject import Subject


def reviews(subject: Subject) -> Section | None:
    """The chapter; None where nothing was drawn."""
    found = None if subject.figures.charter is None else subject.figures.charter.reviews
    if found is None:
        return None
    _ = subject.words.text
    blocks: list[Block] = [Paragraph(text=text) for text in review_sentences(subject, found)]
    if found.reviewed:
        blocks.append(review_items(subject, found))
        if found.agents and subject.order.agents:
            blocks.append(_agents(subject, found))
    return Section(key="reviews", title=_("Calls listened to"), blocks=tuple(blocks))


def review_sentences(subject: Subject, found: ReviewFigures) -> Iterator[str]:
    """How large the sample is, how it was drawn, what it says, and how far two reviewers agree."""
    words = subject.words
    _, ngettext = words.text, words.number
    yield ngettext(
        "Of {population} answered call {sampled} was drawn at random, and {reviewed} reviewed.",
        "Of {population} answered calls {sampled} were drawn at random, and {reviewed} reviewed.",
        found.population,
    ).format(
        population=words.count(found.population),
        sampled=words.count(found.sampled),
        reviewed=words.count(found.reviewed),
    )
    if found.greeted.share is not None:
        yield _("Greeted with department and name: {share} (between {low} and {high} at 95 %).").format(
            share=words.percent(found.greeted.share),
            low=words.percent(found.greeted.low),
            high=words.percent(found.greeted.high),
        )
    if found.kappa is not None:
        yield ngettext(
            "Two reviewers marked {count} item of the same calls; their agreement is kappa = {kappa}.",
            "Two reviewers marked {count} items of the same calls; their agreement is kappa = {kappa}.",
            found.pairs,
        ).format(count=words.count(found.pairs), kappa=words.kappa(found.kappa))
    else:
        yield _("How far two reviewers agree is not known: too few calls were marked twice, or all marks are alike.")
    if found.seeds:
        seeds = ", ".join(f"{month:%Y-%m}: {seed}" for month, seed in zip(found.months, found.seeds, strict=False))
        yield _("Seeds of the draws: {seeds}.").format(seeds=seeds)


def review_items(subject: Subject, found: ReviewFigures) -> Table:
    """By item, with intervals."""
    words = subject.words
    _, _c = words.text, words.of
    greeted = (_("Department and name, with a greeting"), "greeted", *_share_cells(found.greeted), None, None, "")
    rows: list[tuple[Value, ...]] = [
        (
            item.ko if words.language == "ko" else item.en,
            item.key,
            *_share_cells(item.share),
            item.pairs,
            item.kappa,
            words.kappa(item.kappa),
        )
        for item in found.items
    ]
    if found.greeted.marked:
        rows.append(greeted)
    return Table(
        key="review_items",
        title=_("What was heard"),
        columns=(
            Column(key="item", heading=_c("review", "Item"), kind=Kind.TEXT),
            Column(key="code", heading=_c("report", "Code"), kind=Kind.TEXT, printed=False),
            *_share_columns(subject),
            Column(key="pairs", heading=_c("review", "Marked twice"), kind=Kind.COUNT),
            # One decimal would say too little of it: people read the text, programs the number.
            Column(key="kappa", heading=_c("review", "Kappa, as a number"), kind=Kind.NUMBER, printed=False),
            Column(key="agreement", heading=_c("review", "Kappa"), kind=Kind.TEXT),
        ),
        rows=tuple(rows),
        note=_(
            "The share is an estimate for all answered calls: each agent's sample weighs as many calls as that agent "
            "answered. In 95 of 100 such samples it lies in the interval (Wilson). Kappa (Cohen): agreement beyond "
            "chance, 1 is full agreement and 0 no more than chance."
        ),
    )


def _share_columns(subject: Subject) -> tuple[Column, ...]:
    _c = subject.words.of
    return (
        Column(key="marked", heading=_c("review", "Calls marked"), kind=Kind.COUNT),
        Column(key="met", heading=_c("review", "Met"), kind=Kind.NUMBER, printed=False),
        Column(key="share", heading=_c("review", "Share met"), kind=Kind.SHARE),
        Column(key="low", heading=_c("review", "From (95 %)"), kind=Kind.SHARE),
        Column(key="high", heading=_c("review", "To (95 %)"), kind=Kind.SHARE),
    )


def _share_cells(share: Share) -> tuple[Value, ...]:
    return (share.marked, share.met, share.share, share.low, share.high)


def _agents(subject: Subject, found: ReviewFigures) -> Table:
    words = subject.words
    _, _c = words.text, words.of
    return Table(
        key="review_agents",
        title=_("Reviews by agent"),
        columns=(
            Column(key="member", heading=_c("report", "Agent"), kind=Kind.TEXT),
            Column(key="phone", heading=_c("report", "Phone"), kind=Kind.TEXT),
            Column(key="system", heading=_c("report", "System"), kind=Kind.TEXT, printed=False),
            Column(key="sampled", heading=_c("review", "Drawn"), kind=Kind.COUNT, summed=True),
            Column(key="reviewed", heading=_c("review", "Reviewed"), kind=Kind.COUNT, summed=True),
            *_share_columns(subject),
        ),
        rows=tuple(
            (
                one.member or one.agent,
                one.agent,
                one.system,
                one.sampled,
                one.reviewed,
                *_share_cells(one.share),
            )
            for one in found.agents
        ),
        note=_("Over all items together. Few calls say little of one person: look at the interval, not at the rank."),
    )
