"""What rubricdsl itself offers, through the same hooks as everybody else.

Each hook imports what it offers when it is called, so that a command pays only for
what it uses.
"""

from collections.abc import Sequence

from rubricdsl.model.protocols import (
    CheckFunction,
    JudgeBackendOffer,
    RubricFormatOffer,
)
from rubricdsl.plugins.specs import hookimpl


@hookimpl
def rubricdsl_check_functions() -> Sequence[CheckFunction]:
    """Offer the functions of the language reference."""
    from rubricdsl.checks.functions import builtin_functions

    return builtin_functions()


@hookimpl
def rubricdsl_judge_backends() -> Sequence[JudgeBackendOffer]:
    """Offer the OpenAI-compatible and the scripted judge."""
    from rubricdsl.judging.backends.openai import OFFER as OPENAI
    from rubricdsl.judging.backends.scripted import OFFER as SCRIPTED

    return (OPENAI, SCRIPTED)


@hookimpl
def rubricdsl_formats() -> Sequence[RubricFormatOffer]:
    """Offer the rubric formats that can be imported."""
    from rubricdsl.formats.ifeval import IFEVAL
    from rubricdsl.formats.paperbench import PAPERBENCH

    return (IFEVAL, PAPERBENCH)
