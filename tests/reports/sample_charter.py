"""The rest of the charter in figures made by hand: what a month or a half may have held of it.

Each figure is written down; `promised` owes 42 = 36 + 2 + 1 + 1 + 1 + 1, and so on, as `CallbackFigures` says.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.calls.rules import SECOND_US
from monitor.commitments.register import CHARTER, Commitment, Every
from monitor.reports.charter_figures import (
    CallbackFigures,
    CharterFigures,
    CommitmentFigures,
    ReviewAgentFigures,
    ReviewFigures,
    ReviewItemFigures,
    Share,
)

from .sample_calls import AGENT_NAMES, LINE, SECOND_LINE, quantiles_of

if TYPE_CHECKING:
    from monitor.reports.periods import Period

HOUR_US, DAY_US = 3600 * SECOND_US, 86_400 * SECOND_US
TEAMS = {"원격응대팀": "Remote support team", "상담팀": "Advice team"}
PROMISED = CallbackFigures(
    kind="promised",
    owed=42,
    in_time=36,
    late=2,
    never=1,
    waiting=1,
    overtaken=1,
    dropped=1,
    reached=31,
    tries=50,
    first_try=quantiles_of([HOUR_US * hours for hours in range(1, 39)]),
    conversation=quantiles_of([HOUR_US * hours for hours in range(2, 33)]),
)
MISSED = CallbackFigures(
    kind="missed",
    owed=210,
    in_time=150,
    late=20,
    never=15,
    waiting=5,
    overtaken=18,
    dropped=2,
    reached=140,
    tries=260,
    first_try=quantiles_of([HOUR_US // 2 * halves for halves in range(1, 171)]),
    conversation=quantiles_of([HOUR_US * hours for hours in range(1, 141)]),
)
_NO_CALL_BACK = replace(
    PROMISED,
    owed=0,
    in_time=0,
    late=0,
    never=0,
    waiting=0,
    overtaken=0,
    dropped=0,
    reached=0,
    tries=0,
    first_try=quantiles_of([]),
    conversation=quantiles_of([]),
)
_ITEMS = (
    ("greeting", "첫인사", "Greeting", 118.0, 0.983, 0.941, 0.995, 0.85),
    ("department", "소속 안내", "Department named", 110.5, 0.921, 0.859, 0.957, 0.78),
    ("name", "성명 안내", "Name given", 108.0, 0.9, 0.833, 0.942, 0.81),
    ("listened", "경청", "Listened", 115.0, 0.958, 0.906, 0.982, 0.42),
    ("explained", "설명", "Explained", 112.0, 0.933, 0.874, 0.966, None),
    ("closing", "끝인사", "Closing", 101.0, 0.842, 0.766, 0.896, 0.66),
)
REVIEWS = ReviewFigures(
    months=(date(2026, 10, 1),),
    population=2_104,
    sampled=125,
    reviewed=120,
    items=tuple(
        ReviewItemFigures(
            key=key,
            ko=ko,
            en=en,
            share=Share(met=met, marked=120, share=share, low=low, high=high),
            kappa=kappa,
            pairs=24,
        )
        for key, ko, en, met, share, low, high, kappa in _ITEMS
    ),
    greeted=Share(met=104.0, marked=120, share=0.871, low=0.799, high=0.919),
    kappa=0.74,
    pairs=144,
    agents=tuple(
        ReviewAgentFigures(
            system="pbx1",
            agent=f"PJSIP/{201 + number}",
            member=name,
            sampled=25,
            reviewed=24,
            share=Share(met=22.0, marked=24, share=0.92, low=0.742, high=0.978),
        )
        for number, name in enumerate(AGENT_NAMES)
    ),
    seeds=(4_611_686_018_427_387_905,),
)


def _cases(commitment: Commitment) -> CommitmentFigures:
    return CommitmentFigures(
        commitment=commitment,
        received=0,
        in_time=0,
        late=0,
        overdue=0,
        open=0,
        withdrawn=0,
        unclocked=0,
        upheld=0,
        owed_won=0,
        paid_won=0,
        apologies_owed=0,
        apologies_sent=0,
        trainings_owed=0,
        trainings_held=0,
        days=quantiles_of([]),
    )


def _commitments(period: Period) -> tuple[CommitmentFigures, ...]:
    """Of each promise of the charter something, but for legal questions, of which nobody had any."""
    simple, disclosure, legal, kindness, accuracy, survey, review = map(_cases, CHARTER)
    year = period.since.replace(month=1, day=1)
    return (
        replace(
            simple,
            received=64,
            in_time=55,
            late=3,
            overdue=1,
            open=4,
            withdrawn=1,
            days=quantiles_of([DAY_US * tenths // 10 for tenths in range(5, 63)]),
        ),
        replace(disclosure, received=2, in_time=2, days=quantiles_of([DAY_US * 6, DAY_US * 9])),
        legal,
        replace(
            kindness,
            received=3,
            in_time=2,
            overdue=1,
            upheld=1,
            owed_won=10_000,
            paid_won=10_000,
            apologies_owed=1,
            apologies_sent=1,
            trainings_owed=1,
            days=quantiles_of([DAY_US * 3, DAY_US * 5]),
        ),
        replace(
            accuracy,
            received=4,
            unclocked=4,
            owed_won=50_000,
            paid_won=40_000,
            apologies_owed=4,
            apologies_sent=3,
        ),
        replace(
            survey,
            done_at=(period.since + timedelta(days=12),),
            results=("종합 만족도 91.2점, 누리집에 공개",),
            due_by=datetime(year.year + 1, 1, 1, tzinfo=period.zone),
        ),
        replace(review, due_by=period.until),
    )


def charter_of(period: Period, names: tuple[str | None, ...]) -> CharterFigures:
    """What a period held; single agents where there are names."""
    reviews = replace(REVIEWS, months=(period.first.replace(day=1),), agents=REVIEWS.agents[: len(names)])
    return CharterFigures(
        callbacks={"promised": PROMISED, "missed": MISSED},
        callbacks_by_line={
            LINE: {"promised": PROMISED, "missed": replace(MISSED, owed=200, in_time=140)},
            SECOND_LINE: {
                "promised": _NO_CALL_BACK,
                "missed": replace(_NO_CALL_BACK, kind="missed", owed=10, in_time=10),
            },
        },
        reviews=reviews,
        commitments=_commitments(period),
        promises_used=True,
        register_used=True,
    )


def charter_before(period: Period) -> CharterFigures:
    """The period before: less of everything, and consent reported of 40 transfers."""
    simple, *others = map(_cases, CHARTER)
    return CharterFigures(
        callbacks={
            "promised": replace(PROMISED, owed=20, in_time=15, late=5, never=0, waiting=0, overtaken=0, dropped=0)
        },
        reviews=replace(REVIEWS, greeted=Share(met=60.0, marked=80, share=0.75, low=0.645, high=0.832), agents=()),
        commitments=(replace(simple, received=50, in_time=40, late=10), *others),
        promises_used=True,
        register_used=True,
        consent_yes=30,
        consent_no=10,
    )


def nothing_of_it() -> CharterFigures:
    """A centre that keeps the register and has nothing in it, and in which nobody promises or listens to anything."""
    return CharterFigures(
        callbacks={"promised": _NO_CALL_BACK, "missed": replace(_NO_CALL_BACK, kind="missed")},
        reviews=None,
        commitments=tuple(map(_cases, CHARTER)),
    )


def cases_alone(period: Period) -> CharterFigures:
    """A period in which cases came in, and nobody called."""
    return replace(nothing_of_it(), commitments=_commitments(period), register_used=True)


def with_long_names(told: CharterFigures, names: tuple[str, ...]) -> CharterFigures:
    """The same with names as long as somebody may ever have given them."""
    simple, *others = told.commitments
    odd = replace(simple, commitment=replace(simple.commitment, ko=names[0], en=names[1], who=names[2]))
    often = tuple(
        replace(one, results=(names[0], names[2])) if one.commitment.every is Every.YEAR else one for one in others
    )
    reviews = told.reviews
    assert reviews is not None
    return replace(
        told,
        commitments=(odd, *often),
        reviews=replace(
            reviews,
            items=tuple(
                replace(item, ko=names[number % 3], en=names[number % 3]) for number, item in enumerate(reviews.items)
            ),
            agents=tuple(
                replace(one, agent=f"PJSIP/{names[number % 3]}", member=names[number % 3])
                for number, one in enumerate(reviews.agents)
            ),
        ),
        callbacks_by_line={names[number]: found for number, found in enumerate(told.callbacks_by_line.values())},
    )
