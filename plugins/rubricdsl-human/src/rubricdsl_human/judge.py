"""The judge ``human``: a person, who answers on sheets.

What a person has answered is looked up; what they have not is pending, and goes onto a
sheet when the run ends, unless it stands on one already.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import attrs

from rubricdsl.diagnostics import fail
from rubricdsl.judging.folders import folder_of
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Usage,
)
from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings
from rubricdsl.model.ruling import Failure, FailureKind
from rubricdsl_human.answers import read_answers
from rubricdsl_human.items import Item
from rubricdsl_human.keys import write_key
from rubricdsl_human.sheets import Sheet, write_sheet

DEFAULT_FOLDER = "sheets"
# A part of file names, on any system.
_ANNOTATOR = re.compile(r"[^\W_][\w-]{0,63}")


class HumanJudge:
    """One person, whose sheets and answers are in a folder.

    ``seed`` makes the order in which they are asked.  Raises RubricError (D206) for
    answers that cannot be read.
    """

    # Whoever corrects an answer corrects it in the folder: it is the one place.
    capabilities = Capabilities(is_model=False, by_name=True, storable=False)
    template = ""

    def __init__(self, annotator: str, folder: Path, *, seed: int = 0) -> None:
        self._annotator = annotator
        self._folder = folder
        self._seed = seed
        self._answers = read_answers(folder)
        self._new: dict[str, Item] = {}

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Look the answers up."""
        return JudgeReply(
            answers=tuple(self._answer(request, name) for name in request.questions)
        )

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give what people cost in tokens: nothing."""
        del request
        return Usage()

    def readiness(self) -> str:
        """Say how much was asked, and how much of it is answered."""
        put = len(self._answers.put.get(self._annotator, ()))
        given = sum(name == self._annotator for name, _ in self._answers.given)
        return f"{self._annotator} has answered {given} of {put} in {self._folder}"

    async def close(self) -> None:
        """Write the sheet of what nobody has asked this person yet.

        Raises RubricError (D111) where it cannot be written.
        """
        items, self._new = list(self._new.values()), {}
        put = self._answers.put.get(self._annotator, set())
        if known := [item for item in items if item.id in put]:
            # Asked already, and now for another criterion, too.
            write_key(self._folder, known)
        if fresh := [item for item in items if item.id not in put]:
            sheet = Sheet.of(self._annotator, fresh, seed=self._seed)
            write_sheet(self._folder, sheet)

    def _answer(self, request: JudgeRequest, name: str) -> Answer:
        item = Item.of(request, name)
        self._note(item)
        given = self._answers.given.get((self._annotator, item.id))
        if given is None:
            reason = f"waits for {self._annotator} to answer a sheet in {self._folder}"
            return Answer(
                id=name, failure=Failure(FailureKind.JUDGE_PENDING.value, reason)
            )
        return Answer(
            id=name, ruling=given.ruling, evidence=given.quote, reason=given.comment
        )

    def _note(self, item: Item) -> None:
        """Keep an item that is not on a sheet, or not known to be asked so."""
        known = self._answers.known.get(item.id)
        put = self._answers.put.get(self._annotator, set())
        if item.id in put and known is not None and item.askers <= known.askers:
            return
        earlier = self._new.setdefault(item.id, item)
        if not item.askers <= earlier.askers:
            askers = item.askers | earlier.askers
            self._new[item.id] = attrs.evolve(earlier, askers=askers)


def create(settings: JudgeSettings, environ: Mapping[str, str]) -> HumanJudge:
    """Make the judge.

    Raises:
        RubricError: D205 where it is not said who is asked, D203 for options of the
            wrong type, D206 for answers that cannot be read.
    """
    del environ
    if not _ANNOTATOR.fullmatch(settings.model):
        fail(
            "D205",
            "the judge `human` needs the name of a person"
            + (f", and {settings.model[:60]!r} is none" if settings.model else ""),
            hint="name one by letters, digits, - and _, as in human:ann",
        )
    folder = folder_of(settings, DEFAULT_FOLDER)
    if settings.options.get("canaries"):
        fail(
            "D203",
            "the judge `human` is asked no canaries: nobody talks a person into them",
            hint="leave `canaries` out",
        )
    return HumanJudge(settings.model, folder, seed=_seed(settings))


def _seed(settings: JudgeSettings) -> int:
    seed = settings.options.get("seed", 0)
    if isinstance(seed, bool | str) or seed != int(seed) or seed < 0:
        fail(
            "D203",
            "`seed` of the judge `human` must be a whole number from 0",
            hint="leave it out, and it is 0",
        )
    return int(seed)


OFFER = JudgeBackendOffer(
    name="human",
    description="people, who answer on sheets: CSV files and HTML forms",
    create=create,
    options=("folder", "seed"),
)
