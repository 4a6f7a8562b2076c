"""A judge whose probabilities are corrected by what labels have shown.

``calibration=FILE`` in a SPEC, or in ``rub.toml``, puts this around any backend:

* Each answer's probability of yes becomes the calibrated one.
* An answer of yes or no follows it: yes above one half, no below; at one half the
  judge's own word stands.  A no to a question that requires evidence stays no,
  since a yes would be one without a quote.  Partly, n/a and levels are left alone,
  as are answers without a probability.
* The digest of what the file holds is part of the judge's identity and of its
  template, so verdicts that were calibrated otherwise, or not at all, are never
  taken for these.
"""

from collections.abc import Mapping
from pathlib import Path

from attrs import evolve

from rubricdsl.diagnostics import fail
from rubricdsl.judging.calibration.curves import Curve
from rubricdsl.judging.calibration.files import Calibration, read_calibration
from rubricdsl.model.digest import digest
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
    Usage,
)
from rubricdsl.model.protocols import (
    EstimatingBackend,
    JudgeBackend,
    JudgeSettings,
    JudgeWrapperOffer,
    PreparedBackend,
    PricingBackend,
)
from rubricdsl.model.rubric import AnswerScale
from rubricdsl.model.ruling import NO, YES

OPTION = "calibration"
DIGEST_OPTION = "calibration_digest"
_EVEN = 0.5


class CalibratedJudge:
    """A backend with calibrated probabilities, and else the backend that it wraps."""

    def __init__(self, backend: JudgeBackend, curve: Curve, identity: str) -> None:
        self._backend = backend
        self._curve = curve
        self._identity = identity

    @property
    def capabilities(self) -> Capabilities:
        """What the wrapped judge can do."""
        return self._backend.capabilities

    @property
    def template(self) -> str:
        """Digest of the wrapped judge's template and of the calibration."""
        return digest("calibrated", self._backend.template, self._identity)

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Let the wrapped judge answer, and calibrate what it says."""
        reply = await self._backend.judge(request)
        answers = tuple(
            calibrated(answer, request.questions.get(answer.id), self._curve)
            for answer in reply.answers
        )
        return evolve(reply, answers=answers)

    def prepare(self) -> None:
        """Let the wrapped judge get ready, if it has anything to do."""
        if isinstance(self._backend, PreparedBackend):
            self._backend.prepare()

    async def close(self) -> None:
        """Close the wrapped judge."""
        await self._backend.close()


class EstimatingCalibratedJudge(CalibratedJudge):
    """The same around a backend that can tell what a request would cost."""

    def __init__(
        self,
        backend: JudgeBackend,
        estimates: EstimatingBackend,
        curve: Curve,
        identity: str,
    ) -> None:
        super().__init__(backend, curve, identity)
        self._estimates = estimates

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give what the wrapped judge says: calibration costs nothing."""
        return self._estimates.estimate(request)

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Give what the wrapped judge says."""
        if not isinstance(self._estimates, PricingBackend):
            return None
        return self._estimates.price(prompt_tokens, completion_tokens)


def calibrated(answer: Answer, question: Question | None, curve: Curve) -> Answer:
    """Give an answer with the calibrated probability, and the ruling that follows."""
    own = answer.probability
    # What is no probability is left for the engine to refuse.
    if own is None or question is None or not 0 <= own <= 1:
        return answer
    probability = min(max(curve(own), 0.0), 1.0)
    answer = evolve(answer, probability=probability)
    is_binary = isinstance(question.scale, AnswerScale) and set(
        question.scale.answers
    ) == {str(YES), str(NO)}
    if not is_binary or answer.ruling not in {YES, NO} or probability == _EVEN:
        return answer
    ruling = YES if probability > _EVEN else NO
    if ruling == answer.ruling or (ruling == YES and question.evidence):
        return answer
    said = f"{ruling} by calibration: {own:.2g} of yes means {probability:.2g}"
    reason = f"{said}. {answer.reason}" if answer.reason else said
    return evolve(answer, ruling=ruling, reason=reason)


def _resolve(settings: JudgeSettings, _: Mapping[str, str]) -> JudgeSettings:
    file = read_calibration(Path(str(settings.options[OPTION])))
    return evolve(settings, options={**settings.options, DIGEST_OPTION: file.digest})


def _wrap(
    backend: JudgeBackend, settings: JudgeSettings, _: Mapping[str, str]
) -> JudgeBackend:
    path = Path(str(settings.options[OPTION]))
    file = read_calibration(path)
    if file.digest != settings.options[DIGEST_OPTION]:
        fail(
            "D207",
            f"{path} has changed since this run began",
            hint="start the run again",
        )
    calibration = _fitting(file.of(settings.name), backend, settings, path)
    if calibration is None:
        known = ", ".join(dict.fromkeys(c.judge for c in file.calibrations))
        fail(
            "D207",
            f"{path} holds no calibration of {settings.name}"
            + (f", only of {known}" if known else ""),
            hint="fit one with `rub judges --calibrate`, on results of this judge",
        )
    curve, identity = calibration.fit.curve, file.digest
    if isinstance(backend, EstimatingBackend):
        return EstimatingCalibratedJudge(backend, backend, curve, identity)
    return CalibratedJudge(backend, curve, identity)


def _fitting(
    calibrations: tuple[Calibration, ...],
    backend: JudgeBackend,
    settings: JudgeSettings,
    path: Path,
) -> Calibration | None:
    for calibration in calibrations:
        if calibration.template == backend.template:
            return calibration
    if not calibrations:
        return None
    return fail(
        "D207",
        f"{path} was fitted for {settings.name} asked with another prompt template",
        hint="fit it anew on results of this version, and of the judge uncalibrated",
    )


OFFER = JudgeWrapperOffer(
    name="calibration",
    description="probabilities corrected by a file that `rub judges --calibrate` wrote",
    options=(OPTION,),
    wrap=_wrap,
    resolve=_resolve,
)
