"""Promises with a clock as the record tells them: done in time or not, and what was owed and paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.reports import charter
from monitor.reports.chapters_commitments import last_day, local_day
from monitor.reports.promise import Promise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.reports.charter_figures import CharterFigures, CommitmentFigures
    from monitor.reports.subject import Subject


def commitments(subject: Subject) -> Iterator[Promise]:
    """Every promise of the register, in its order."""
    told = subject.figures.charter
    if told is None:
        return
    earlier = _by_key(subject.figures.charter_before)
    for found in told.commitments:
        if found.commitment.every is not None:
            yield _periodic(subject, found)
        else:
            yield _of_cases(subject, found, earlier.get(found.commitment.key))


def _by_key(told: CharterFigures | None) -> dict[str, CommitmentFigures]:
    return {} if told is None else {found.commitment.key: found for found in told.commitments}


def _how(subject: Subject, found: CommitmentFigures) -> str:
    words = subject.words
    _ = words.text
    how = (
        _("From the register of cases, which {who} keeps: received, deadline, done, paid.").format(
            who=found.commitment.who
        )
        if found.commitment.who
        else _("From the register of cases, which the departments in charge keep: received, deadline, done, paid.")
    )
    if found.commitment.every is not None:
        return _("From the register, in which the department in charge notes when it was done and what came of it.")
    if found.commitment.days is not None:
        how += " " + _("The deadline is worked out from the day of receipt, with the public holidays.")
    return how + " " + _("Cases count in the half-year in which they came in.")


def owes_money(found: CommitmentFigures) -> bool:
    """Whether money is owed where the promise is not kept, or was."""
    return bool(found.owed_won or found.paid_won or any(owed.won for owed in found.commitment.owed))


def _of_cases(subject: Subject, found: CommitmentFigures, before: CommitmentFigures | None) -> Promise:
    words = subject.words
    _ = words.text
    money = owes_money(found)
    share_before = None if before is None else before.share
    measured_before = None if before is None else before.judged or None
    told = subject.figures.charter
    used = told is not None and told.register_used
    text, how = charter.with_a_clock(words, found.commitment), _how(subject, found)
    if not found.received:
        return Promise(
            text=text,
            result=_("No case came in.") if used else _("Not measured: the register holds no case."),
            how=how,
            measured_before=measured_before,
            share_before=share_before,
        )
    return Promise(
        text=text,
        result=" ".join(_cases(subject, found)),
        how=how,
        measured=found.judged or found.unclocked or None,
        kept=found.in_time if found.judged else None,
        missed=found.late + found.overdue if found.judged else None,
        share=found.share,
        measured_before=measured_before,
        share_before=share_before,
        owed_won=found.owed_won if money else None,
        paid_won=found.paid_won if money else None,
    )


def _cases(subject: Subject, found: CommitmentFigures) -> Iterator[str]:
    words = subject.words
    _, ngettext = words.text, words.number
    missed = found.late + found.overdue
    yield ngettext("{count} case came in.", "{count} cases came in.", found.received).format(
        count=words.count(found.received)
    )
    if missed:
        yield ngettext(
            "Not done in time in {missed} of {count} case.",
            "Not done in time in {missed} of {count} cases.",
            found.judged,
        ).format(missed=words.count(missed), count=words.count(found.judged))
    elif found.judged:
        yield ngettext("The one due was done in time.", "All {count} due were done in time.", found.judged).format(
            count=words.count(found.judged)
        )
    if found.open:
        yield ngettext("{count} is not due yet.", "{count} are not due yet.", found.open).format(
            count=words.count(found.open)
        )
    if found.withdrawn:
        yield ngettext("{count} was withdrawn.", "{count} were withdrawn.", found.withdrawn).format(
            count=words.count(found.withdrawn)
        )
    if found.apologies_owed:
        yield _("Apologies owed {owed}, sent {sent}.").format(
            owed=words.count(found.apologies_owed), sent=words.count(found.apologies_sent)
        )
    if found.trainings_owed:
        yield _("Trainings owed {owed}, held {held}.").format(
            owed=words.count(found.trainings_owed), held=words.count(found.trainings_held)
        )


def _periodic(subject: Subject, found: CommitmentFigures) -> Promise:
    """What is due once and again: kept where it was done by then, and not judged before."""
    words, figures = subject.words, subject.figures
    _ = words.text
    text, how = charter.with_a_clock(words, found.commitment), _how(subject, found)
    in_time = found.due_by is None or any(at < found.due_by for at in found.done_at)
    if found.done_at and found.due_by is not None and not in_time:
        result = _("Done on {day}, after the last day for it, {last}.").format(
            day=words.day(local_day(subject, min(found.done_at))), last=words.day(last_day(subject, found.due_by))
        )
        return Promise(text=text, result=result, how=how, measured=1, kept=0, missed=1, share=0.0)
    if found.done_at:
        on = ", ".join(words.day(local_day(subject, at)) for at in sorted(found.done_at))
        result = _("Done on {days}.").format(days=on)
        if found.results:
            result += " " + _("What came of it stands below.")
        return Promise(text=text, result=result, how=how, measured=1, kept=1, missed=0, share=1.0)
    used = figures.charter is not None and figures.charter.register_used
    if found.due_by is None or not used:
        return Promise(text=text, result=_("Not measured: nothing of it is in the register."), how=how)
    if found.due_by > figures.made_at:
        result = _("Not done yet; the last day for it is {day}.").format(day=words.day(last_day(subject, found.due_by)))
        return Promise(text=text, result=result, how=how)
    result = _("The register has nothing of it by {day}.").format(day=words.day(last_day(subject, found.due_by)))
    return Promise(text=text, result=result, how=how, measured=1, kept=0, missed=1, share=0.0)
