"""What we promise of our rubric, one line each.

Run it with ``pytest examples/property-tests``; the tests inside ``invitation.rub``
are run along.  Copy this file, put your rubric in the place of ours, and leave out
the promises that you do not want to make.
"""

from rubricdsl.testing import laws

GOOD = """\
Dear all,

we meet on 12 May at 10:30 in room 4. Please reply by Monday.

- the budget
- the trip in June"""
VAGUE = "We should meet on 12 May or so, there is a lot to talk about."
PADDED = GOOD + "\n\n" + "It is important that everybody takes part. " * 20


def test_every_response_gets_a_score(rubric):
    laws.bounded(rubric("invitation.rub"))


def test_more_of_what_is_good_never_costs_anything(rubric):
    laws.monotone(rubric("invitation.rub"))


def test_without_a_date_nothing_else_counts(rubric):
    laws.gates_dominate(rubric("invitation.rub"))


def test_no_single_sentence_decides(rubric):
    laws.no_single_criterion_decides(rubric("invitation.rub"), most=0.3)


def test_saying_more_is_better_than_being_vague(rubric):
    laws.orders(rubric("invitation.rub"), better=GOOD, worse=VAGUE, by=0.5)


def test_padding_does_not_pay(rubric):
    laws.orders(rubric("invitation.rub"), better=GOOD, worse=PADDED, by=0.1)


def test_the_new_version_orders_answers_as_the_old_one_did(rubric):
    old, new = rubric("invitation-1.rub"), rubric("invitation.rub")
    laws.keeps_order(old, new, [(GOOD, VAGUE), (PADDED, VAGUE)])


def test_only_the_content_counts(rubric):
    laws.invariant_under_reformatting(rubric("invitation.rub"), GOOD)


def test_a_good_invitation_passes(score):
    card = score("invitation.rub", GOOD)
    assert card.passed
    assert card.score == 1
