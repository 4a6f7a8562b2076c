"""The hooks that a plugin may implement.

A hook returns offers: values with a name, a description and a factory.  Nothing
is built, and no optional package imported, before the thing is used.
"""

from collections.abc import Sequence

import pluggy

from rubricdsl.model.protocols import (
    CheckFunction,
    JudgeBackendOffer,
    JudgeWrapperOffer,
    RubricFormatOffer,
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
