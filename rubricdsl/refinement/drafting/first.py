"""The first rubric for a prompt: drafted once or several times, merged, and sound."""

import asyncio
from pathlib import Path

from attrs import evolve, frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.formatting import format_text
from rubricdsl.language.lint.running import Choice, lint
from rubricdsl.language.loading import load_text
from rubricdsl.language.printing import print_rubric
from rubricdsl.model.judgement import Usage
from rubricdsl.model.refinement import DraftRequest
from rubricdsl.model.rubric import Rubric
from rubricdsl.refinement.drafting.drafters import Drafter
from rubricdsl.refinement.drafting.merging import merge
from rubricdsl.refinement.drafting.reading import DraftReader
from rubricdsl.refinement.proposing.conversing import Heard

# What a judge would stumble over, or what counts twice.
_MATTERS = Choice(select=("W601", "W602", "W603", "W604", "W605", "W606", "W609"))


@frozen(kw_only=True)
class FirstRubric:
    """A first rubric; ``rubric`` and ``text`` are None where none came about.

    ``text`` is its source.  ``failed`` are the drafts that came to nothing;
    ``warnings`` are lints that matter.
    """

    rubric: Rubric | None
    text: str | None
    drafts: int
    failed: tuple[Heard[Rubric], ...]
    warnings: tuple[Diagnostic, ...] = ()
    calls: int
    usage: Usage


async def first_rubric(
    drafter: Drafter, request: DraftRequest, reader: DraftReader, *, count: int = 1
) -> FirstRubric:
    """Have ``count`` drafts written, and make one rubric of those that are sound."""
    requests = (evolve(request, number=number) for number in range(count))
    heard = await asyncio.gather(*(drafter.draft(one, reader) for one in requests))
    usage = sum((one.usage for one in heard), start=Usage())
    drafts = [one.value for one in heard if one.value is not None]
    rubric: Rubric | None = None
    text: str | None = None
    warnings: tuple[Diagnostic, ...] = ()
    if drafts:
        text = format_text(print_rubric(merge(drafts)), name="<draft>")
        functions = reader.functions
        loaded = load_text(text, functions, name="<draft>", folder=Path())
        (rubric,) = loaded.checked()
        warnings = lint(loaded, _MATTERS)
    return FirstRubric(
        rubric=rubric,
        text=text,
        drafts=len(drafts),
        failed=tuple(one for one in heard if one.value is None),
        warnings=warnings,
        calls=sum(one.calls for one in heard),
        usage=usage,
    )
