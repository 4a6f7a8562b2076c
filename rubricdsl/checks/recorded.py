"""Functions that read facts recorded with the response; nothing is ever run."""

from rubricdsl.checks.signatures import NUMBER, TEXT, text
from rubricdsl.model.expression import ValueType
from rubricdsl.model.protocols import CheckFunction, Facts, Parameter, Signature


def artifact(facts: Facts, name: str) -> str:
    """Give the text of a recorded artifact."""
    return facts.artifact(name)


def exit_code(facts: Facts, name: str) -> float:
    """Give the recorded exit code of an artifact, by its name."""
    return float(facts.exit_code(name))


def metric(facts: Facts, name: str) -> float:
    """Give a recorded metric."""
    return float(facts.metric(name))


FUNCTIONS: tuple[CheckFunction, ...] = (
    CheckFunction(
        signature=Signature(
            name="artifact",
            parameters=(text("name"),),
            result=TEXT,
            meaning="Text of an artifact recorded with the response.",
        ),
        call=artifact,
    ),
    CheckFunction(
        signature=Signature(
            name="exit_code",
            parameters=(Parameter(name="a", type=ValueType.TEXT, artifact=True),),
            result=NUMBER,
            meaning="Exit code recorded for an artifact, in meta.exit_codes.",
        ),
        call=exit_code,
    ),
    CheckFunction(
        signature=Signature(
            name="metric",
            parameters=(text("name"),),
            result=NUMBER,
            meaning="A number recorded with the response, in meta.metrics.",
        ),
        call=metric,
    ),
)
