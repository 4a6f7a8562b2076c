"""What will be asked: a rubric's criteria as questions, worked out once a rubric."""

from collections.abc import Mapping
from typing import Protocol

from attrs import frozen

from rubricdsl.checks.running import function_versions
from rubricdsl.expressions.printing import print_expression
from rubricdsl.judging.degenerate import is_plainly_no
from rubricdsl.judging.panels import Panel, Worth, oriented_worth
from rubricdsl.model.digest import digest
from rubricdsl.model.expression import Expression
from rubricdsl.model.judgement import Question
from rubricdsl.model.protocols import CheckFunction
from rubricdsl.model.rubric import BoundRubric, Criterion
from rubricdsl.scoring.scorecards import Scorer


class Judges(Protocol):
    """Gives the panel for a judge's name, as `rubricdsl.judging.book` does."""

    def panel(self, rubric: BoundRubric, name: str | None) -> Panel:
        """Give the panel for criteria of ``rubric`` whose judge is ``name``.

        Raises `rubricdsl.diagnostics.RubricError` if there is none.
        """
        ...


@frozen(eq=False, kw_only=True)
class JudgedCriterion:
    """A criterion that a panel decides.

    ``plainly_no`` says that a response which says nothing needs no judge.
    """

    criterion: Criterion
    question: Question
    panel: Panel
    worth: Worth
    plainly_no: bool

    @property
    def asks(self) -> str:
        """Identity of what decides it."""
        return self.question.digest


@frozen(eq=False, kw_only=True)
class CheckedCriterion:
    """A criterion that a check decides; ``digest`` covers functions' versions."""

    criterion: Criterion
    digest: str

    @property
    def asks(self) -> str:
        """Identity of what decides it."""
        return self.digest


PlannedCriterion = JudgedCriterion | CheckedCriterion


@frozen(eq=False)
class RubricPlan:
    """A rubric's criteria by path, in the order of the source, and its scorer."""

    rubric: BoundRubric
    criteria: Mapping[str, PlannedCriterion]
    scorer: Scorer

    @classmethod
    def of(
        cls,
        rubric: BoundRubric,
        judges: Judges,
        functions: Mapping[str, CheckFunction],
    ) -> "RubricPlan":
        """Plan a rubric.

        Raises:
            RubricError: where a judge cannot be had; no question was asked then.
        """
        criteria = {
            criterion.path: _planned(rubric, criterion, judges, functions)
            for criterion in rubric.criteria()
        }
        questions = {path: planned.asks for path, planned in criteria.items()}
        return cls(rubric, criteria, Scorer.of(rubric, questions))


def _planned(
    rubric: BoundRubric,
    criterion: Criterion,
    judges: Judges,
    functions: Mapping[str, CheckFunction],
) -> PlannedCriterion:
    if criterion.check is not None:
        return CheckedCriterion(
            criterion=criterion, digest=check_digest(criterion.check, functions)
        )
    question = Question.of(criterion)
    return JudgedCriterion(
        criterion=criterion,
        question=question,
        panel=judges.panel(rubric, criterion.judge),
        worth=oriented_worth(criterion),
        plainly_no=is_plainly_no(question),
    )


def check_digest(check: Expression, functions: Mapping[str, CheckFunction]) -> str:
    """Give the identity of a check: its expression, and its functions' versions."""
    versions = function_versions(check, functions)
    return digest("check", print_expression(check), [list(pair) for pair in versions])
