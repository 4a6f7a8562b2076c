"""What rubricdsl itself offers, through the same hooks as everybody else.

Each hook imports what it offers when it is called, so that a command pays only for
what it uses.
"""

from collections.abc import Sequence

from rubricdsl.model.audit import MutationOffer, ProbeOffer
from rubricdsl.model.chat import ChatModelOffer
from rubricdsl.model.execution import ExecutorOffer
from rubricdsl.model.protocols import (
    CheckFunction,
    JudgeBackendOffer,
    JudgeWrapperOffer,
    RubricFormatOffer,
)
from rubricdsl.model.refinement import (
    PairSelectorOffer,
    ProposerOffer,
    RefinementStrategyOffer,
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
def rubricdsl_judge_wrappers() -> Sequence[JudgeWrapperOffer]:
    """Offer calibration."""
    from rubricdsl.judging.calibration.judge import OFFER as CALIBRATION

    return (CALIBRATION,)


@hookimpl
def rubricdsl_chat_models() -> Sequence[ChatModelOffer]:
    """Offer the OpenAI-compatible chat model."""
    from rubricdsl.judging.backends.openai_chat import OFFER as OPENAI

    return (OPENAI,)


@hookimpl
def rubricdsl_proposers() -> Sequence[ProposerOffer]:
    """Offer the scripted proposer."""
    from rubricdsl.refinement.proposing.scripted import OFFER as SCRIPTED

    return (SCRIPTED,)


@hookimpl
def rubricdsl_pair_selectors() -> Sequence[PairSelectorOffer]:
    """Offer the rules of pair selection."""
    from rubricdsl.refinement.selection import OFFERS

    return OFFERS


@hookimpl
def rubricdsl_refinement_strategies() -> Sequence[RefinementStrategyOffer]:
    """Offer the strategies of refinement."""
    from rubricdsl.refinement.strategies import OFFERS

    return OFFERS


@hookimpl
def rubricdsl_probes() -> Sequence[ProbeOffer]:
    """Offer the probes of known reward hacks."""
    from rubricdsl.audit.probes import PROBES

    return PROBES


@hookimpl
def rubricdsl_mutations() -> Sequence[MutationOffer]:
    """Offer the ways to make a good response worse."""
    from rubricdsl.audit.mutations import MUTATIONS

    return MUTATIONS


@hookimpl
def rubricdsl_executors() -> Sequence[ExecutorOffer]:
    """Offer runs in this process."""
    from rubricdsl.judging.executor import OFFER as LOCAL

    return (LOCAL,)


@hookimpl
def rubricdsl_formats() -> Sequence[RubricFormatOffer]:
    """Offer the rubric formats that can be imported and exported."""
    import attrs

    from rubricdsl.formats.foreign.autorubric import AUTORUBRIC
    from rubricdsl.formats.foreign.canvas import CANVAS
    from rubricdsl.formats.foreign.healthbench import HEALTHBENCH
    from rubricdsl.formats.foreign.ifeval_rows import write_ifeval
    from rubricdsl.formats.foreign.json_lines import JSON_LINES
    from rubricdsl.formats.foreign.levels import LEVELS
    from rubricdsl.formats.foreign.openai_graders import OPENAI_GRADERS
    from rubricdsl.formats.foreign.outcomes import OUTCOMES
    from rubricdsl.formats.foreign.paper import PAPER
    from rubricdsl.formats.foreign.paperbench_tree import write_paperbench
    from rubricdsl.formats.foreign.promptfoo import PROMPTFOO
    from rubricdsl.formats.foreign.rar import RAR
    from rubricdsl.formats.foreign.rubric_library import RUBRIC_LIBRARY
    from rubricdsl.formats.foreign.rubric_spec import RUBRIC_SPEC
    from rubricdsl.formats.ifeval import IFEVAL
    from rubricdsl.formats.paperbench import PAPERBENCH

    return (
        JSON_LINES,
        AUTORUBRIC,
        CANVAS,
        HEALTHBENCH,
        attrs.evolve(IFEVAL, write=write_ifeval),
        LEVELS,
        OPENAI_GRADERS,
        OUTCOMES,
        PAPER,
        attrs.evolve(PAPERBENCH, write=write_paperbench),
        PROMPTFOO,
        RAR,
        RUBRIC_LIBRARY,
        RUBRIC_SPEC,
    )
