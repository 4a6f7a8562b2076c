"""The hooks that a plugin may implement.

A hook that offers returns values with a name, a description and a factory.  Nothing
is built, and no optional package imported, before the thing is used.  A hook that
hears is told what happens in a run; what it raises is reported with its distribution
and takes nothing with it.
"""

from collections.abc import Sequence
from typing import get_args, get_type_hints

import pluggy

from rubricdsl.model.audit import MutationOffer, ProbeOffer
from rubricdsl.model.chat import ChatModelOffer
from rubricdsl.model.events import RunFinished, RunStarted, VerdictReached
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
    RoundFinished,
)

PROJECT = "rubricdsl"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class HookSpecs:
    """Hook specifications of rubricdsl."""

    @hookspec
    def rubricdsl_judge_backends(self) -> Sequence[JudgeBackendOffer]:
        """Offer judge backends."""
        return ()

    @hookspec
    def rubricdsl_judge_wrappers(self) -> Sequence[JudgeWrapperOffer]:
        """Offer what can be put around judge backends."""
        return ()

    @hookspec
    def rubricdsl_check_functions(self) -> Sequence[CheckFunction]:
        """Offer functions for `check:` expressions."""
        return ()

    @hookspec
    def rubricdsl_formats(self) -> Sequence[RubricFormatOffer]:
        """Offer readers of other rubric formats."""
        return ()

    @hookspec
    def rubricdsl_chat_models(self) -> Sequence[ChatModelOffer]:
        """Offer chat models; each can propose and attack."""
        return ()

    @hookspec
    def rubricdsl_proposers(self) -> Sequence[ProposerOffer]:
        """Offer proposers that are no chat models."""
        return ()

    @hookspec
    def rubricdsl_pair_selectors(self) -> Sequence[PairSelectorOffer]:
        """Offer rules by which pairs of responses are chosen."""
        return ()

    @hookspec
    def rubricdsl_refinement_strategies(self) -> Sequence[RefinementStrategyOffer]:
        """Offer strategies of refinement."""
        return ()

    @hookspec
    def rubricdsl_probes(self) -> Sequence[ProbeOffer]:
        """Offer probes: makers of junk that tries to reach the top."""
        return ()

    @hookspec
    def rubricdsl_mutations(self) -> Sequence[MutationOffer]:
        """Offer ways to make a good response worse."""
        return ()

    @hookspec
    def rubricdsl_executors(self) -> Sequence[ExecutorOffer]:
        """Offer ways to make runs, such as on many machines."""
        return ()

    # ---------------------------------------------------------------- events

    @hookspec
    def rubricdsl_run_started(self, event: RunStarted) -> None:
        """Hear that a run begins; nothing was asked yet."""

    @hookspec
    def rubricdsl_verdict_reached(self, event: VerdictReached) -> None:
        """Hear of a verdict, or of the reason why there is none."""

    @hookspec
    def rubricdsl_round_finished(self, event: RoundFinished) -> None:
        """Hear that a round of the refinement of a rubric has ended."""

    @hookspec
    def rubricdsl_run_finished(self, event: RunFinished) -> None:
        """Hear that a run has ended, or was stopped."""


def offer_type(hook: str) -> type:
    """Give the type of what a hook that offers gives a sequence of."""
    (type_,) = get_args(get_type_hints(getattr(HookSpecs, hook))["return"])
    if not isinstance(type_, type):
        message = f"{hook} offers no class"
        raise TypeError(message)
    return type_
