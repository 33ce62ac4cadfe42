"""Promises that people keep on the telephone: a greeting with department and name, and calling back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.reports import charter
from monitor.reports.promise import Promise

if TYPE_CHECKING:
    from monitor.reports.charter_figures import CallbackFigures, CharterFigures
    from monitor.reports.subject import Subject


def greeted(subject: Subject) -> Promise:
    """Greeted with department and name, as reviewers of a random sample heard it."""
    words, figures = subject.words, subject.figures
    _, ngettext = words.text, words.number
    text = charter.greets(words)
    how = _(
        "Each month calls are drawn at random from those answered, for every agent, and people listen to them. The "
        "seed of the draw is recorded, so that it can be made again. The share is an estimate for all answered calls, "
        "and lies in its interval in 95 of 100 such samples."
    )
    reviews = None if figures.charter is None else figures.charter.reviews
    before = None if figures.charter_before is None else figures.charter_before.reviews
    then = None if before is None else before.greeted
    measured_before, share_before = (None, None) if then is None else (then.marked or None, then.share)
    if not subject.of_all:
        return Promise(text=text, result=one_part(subject), how=how)
    if reviews is None:
        result = _("Not measured: no sample of calls was drawn to be listened to.")
    elif not reviews.greeted.marked:
        result = ngettext(
            "Not measured: of {count} call drawn none could be marked yet.",
            "Not measured: of {count} calls drawn none could be marked yet.",
            reviews.sampled,
        ).format(count=words.count(reviews.sampled))
    else:
        found = reviews.greeted
        result = ngettext(
            "Of {count} call listened to {share} were greeted so (between {low} and {high} at 95 %).",
            "Of {count} calls listened to {share} were greeted so (between {low} and {high} at 95 %).",
            found.marked,
        ).format(
            count=words.count(found.marked),
            share=words.percent(found.share),
            low=words.percent(found.low),
            high=words.percent(found.high),
        )
        whole = found.met.is_integer()
        return Promise(
            text=text,
            result=result,
            how=how,
            measured=found.marked,
            # Where two people marked a call differently it is half a call, and no count says that.
            kept=int(found.met) if whole else None,
            missed=found.marked - int(found.met) if whole else None,
            share=found.share,
            measured_before=measured_before,
            share_before=share_before,
        )
    return Promise(text=text, result=result, how=how, measured_before=measured_before, share_before=share_before)


def called_back(subject: Subject) -> Promise:
    """Called back as promised."""
    words, figures = subject.words, subject.figures
    _, ngettext = words.text, words.number
    text = charter.calls_back(words)
    how = _(
        "A promise is noted in the call itself, with its deadline; a call from the centre to that number by then keeps "
        "it, whether or not it is answered, as the telephone system saw it. Callers who called again first and were "
        "answered are in neither number."
    )
    now, before = _promised(figures.charter), _promised(figures.charter_before)
    measured_before, share_before = (None, None) if before is None else (before.judged or None, before.share)
    if figures.queue is not None:
        return Promise(text=text, result=one_part(subject), how=how)
    if now is None or not now.owed:
        result = (
            _("Cannot be judged: no caller was promised a call back.")
            if figures.charter is not None and figures.charter.promises_used
            else _("Not measured: no promise of a call back was ever noted.")
        )
        return Promise(text=text, result=result, how=how, measured_before=measured_before, share_before=share_before)
    if not now.judged:
        result = ngettext(
            "Cannot be judged: {count} promise was made, and it is not due yet, or was settled before.",
            "Cannot be judged: {count} promises were made, and they are not due yet, or were settled before.",
            now.owed,
        ).format(count=words.count(now.owed))
        return Promise(text=text, result=result, how=how, measured_before=measured_before, share_before=share_before)
    missed = now.late + now.never
    if missed:
        result = ngettext(
            "Not kept in {missed} of {count} promise: {late} called late, {never} not at all.",
            "Not kept in {missed} of {count} promises: {late} called late, {never} not at all.",
            now.judged,
        ).format(
            missed=words.count(missed),
            count=words.count(now.judged),
            late=words.count(now.late),
            never=words.count(now.never),
        )
    else:
        result = ngettext("The one promise was kept.", "All {count} promises were kept.", now.judged).format(
            count=words.count(now.judged)
        )
    return Promise(
        text=text,
        result=result,
        how=how,
        measured=now.judged,
        kept=now.in_time,
        missed=missed,
        share=now.share,
        measured_before=measured_before,
        share_before=share_before,
    )


def _promised(told: CharterFigures | None) -> CallbackFigures | None:
    return None if told is None else told.callbacks.get("promised")


def one_part(subject: Subject) -> str:
    """Why a report of one line or queue does not tell it."""
    _ = subject.words.text
    return _("Not told of one line or queue alone: see the record of all lines.")
