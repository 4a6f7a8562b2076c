"""rubricdsl: say what a good LLM answer is, measure answers, sharpen the measure.

``load``, ``loads`` and ``dumps`` read and write rubrics; ``evaluate`` (async) and
``evaluate_sync`` judge and score responses, ``evaluate_stream`` as they come;
``refine`` and ``refine_sync`` sharpen rubrics by them, ``audit_rubrics`` and
``audit_rubrics_sync`` attack them with known hacks.  Importing this package loads
nothing heavy; each name is loaded when it is first used.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # importing typing costs more than all of this module
if TYPE_CHECKING:
    from rubricdsl.api import (
        audit_rubrics,
        audit_rubrics_sync,
        dumps,
        evaluate,
        evaluate_stream,
        evaluate_sync,
        load,
        loads,
    )
    from rubricdsl.diagnostics import Diagnostic, RubricError
    from rubricdsl.model.response import Response
    from rubricdsl.model.rubric import Rubric
    from rubricdsl.model.scorecard import Scorecard
    from rubricdsl.refining.front import refine, refine_sync

__all__ = [
    "Diagnostic",
    "Response",
    "Rubric",
    "RubricError",
    "Scorecard",
    "__version__",
    "audit_rubrics",
    "audit_rubrics_sync",
    "dumps",
    "evaluate",
    "evaluate_stream",
    "evaluate_sync",
    "load",
    "loads",
    "refine",
    "refine_sync",
]

_HOMES = {
    "Diagnostic": "rubricdsl.diagnostics",
    "Response": "rubricdsl.model.response",
    "Rubric": "rubricdsl.model.rubric",
    "RubricError": "rubricdsl.diagnostics",
    "Scorecard": "rubricdsl.model.scorecard",
    "audit_rubrics": "rubricdsl.api",
    "audit_rubrics_sync": "rubricdsl.api",
    "dumps": "rubricdsl.api",
    "evaluate": "rubricdsl.api",
    "evaluate_stream": "rubricdsl.api",
    "evaluate_sync": "rubricdsl.api",
    "load": "rubricdsl.api",
    "loads": "rubricdsl.api",
    "refine": "rubricdsl.refining.front",
    "refine_sync": "rubricdsl.refining.front",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name in _HOMES:
        from importlib import import_module

        value: object = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
