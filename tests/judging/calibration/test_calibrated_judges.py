"""Calibrations are kept in files, fit one judge, and correct what it says."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl.analysis.probabilities import Fitness
from rubricdsl.diagnostics import RubricError
from rubricdsl.judging.book import JudgeBook, JudgeChoice
from rubricdsl.judging.calibration.curves import Curve, Identity, Isotonic, Platt
from rubricdsl.judging.calibration.files import (
    Calibration,
    CalibrationFile,
    dumps,
    read_calibration,
)
from rubricdsl.judging.calibration.fitting import Fit
from rubricdsl.judging.calibration.judge import OFFER, calibrated
from rubricdsl.judging.config import parse_config
from rubricdsl.judging.spec import parse_spec
from rubricdsl.model.judgement import (
    Answer,
    Capabilities,
    JudgeReply,
    JudgeRequest,
    Question,
    Usage,
)
from rubricdsl.model.protocols import EstimatingBackend, JudgeBackendOffer
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import AnswerScale, BoundRubric, Group, Weight
from rubricdsl.model.ruling import NA, NO, PARTLY, YES, Failure, Ruling

HALF = Fitness(0.5, 0.2, 0.1)
HALVED = Platt(1.0, -2.0)
QUESTION = Question(text="Is so.")
RUBRIC = BoundRubric(name="r", root=Group(name="r", mark=Weight(1.0)), digest="0")
UNITS = st.floats(0, 1)


def a_file(
    curve: Curve = HALVED, *, judge: str = "sure:m", template: str = "t1"
) -> CalibrationFile:
    return CalibrationFile(
        calibrations=(Calibration(judge, template, Fit(curve, 50, 20, HALF, HALF)),),
        fitted_by="rubricdsl 1",
        labels_digest="d",
    )


class SureJudge:
    """Says yes with 0.7 to everything, and what it costs."""

    template = "t1"
    capabilities = Capabilities(probabilities=True)

    def __init__(self) -> None:
        self.closed = 0

    async def judge(self, request: JudgeRequest) -> JudgeReply:
        """Say yes."""
        return JudgeReply(
            answers=tuple(
                Answer(id=name, ruling=YES, probability=0.7, reason="It is.")
                for name in request.questions
            ),
            usage=Usage(prompt_tokens=3),
            model="m-1",
        )

    async def close(self) -> None:
        """Count."""
        self.closed += 1


class Estimating(SureJudge):
    """The same with a price."""

    def estimate(self, request: JudgeRequest) -> Usage:
        """Give a token for each question."""
        return Usage(prompt_tokens=len(request.questions))


def offer(name: str, made: type[SureJudge]) -> JudgeBackendOffer:
    return JudgeBackendOffer(
        name=name, description="", create=lambda _settings, _environ: made()
    )


def book(spec: str, *, config: str = "", folder: Path = Path()) -> JudgeBook:
    return JudgeBook(
        {"sure": offer("sure", SureJudge), "priced": offer("priced", Estimating)},
        environ={},
        choice=JudgeChoice(override=parse_spec(spec)),
        config=parse_config(config, path=folder / "rub.toml"),
        wrappers=[OFFER],
    )


def request(*questions: Question) -> JudgeRequest:
    return JudgeRequest(
        questions={f"c{n}": question for n, question in enumerate(questions, 1)},
        seen={"response": "It is so."},
        response=Response(text="It is so.", prompt_id="p", response_id="r"),
    )


# ----------------------------------------------------------------------- files


@given(
    st.one_of(
        st.just(Identity()),
        st.builds(Platt, st.floats(0, 9), st.floats(-9, 9)),
        st.lists(st.tuples(UNITS, UNITS), min_size=1, max_size=5).map(
            lambda points: Isotonic(
                tuple(
                    zip(
                        sorted({x for x, _ in points}),
                        sorted(y for _, y in points),
                        strict=False,
                    )
                )
            )
        ),
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1),
)
def test_a_file_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, curve: Curve, judge: str
) -> None:
    path = tmp_path_factory.mktemp("calibration") / "cal.json"
    file = a_file(curve, judge=judge)
    path.write_text(dumps(file), encoding="utf-8")
    assert read_calibration(path) == file
    assert read_calibration(path).digest == file.digest


def test_the_digest_is_that_of_what_the_file_does() -> None:
    file = a_file()
    assert evolve(file, fitted_by="rubricdsl 2").digest == file.digest
    assert a_file(Platt(1.0, -2.1)).digest != file.digest


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rub_calibration": 2}, "edition 2"),
        ({"rub_calibration": None}, "`rub_calibration`"),
        ({"calibrations": {}}, "`calibrations` of the file is not a list"),
        ({"calibrations": [1]}, "calibration 1 is no object"),
        ({"calibrations": [{"judge": "m"}]}, "`template` of calibration 1"),
    ],
)
def test_a_file_that_is_none_is_refused(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    path = tmp_path / "cal.json"
    path.write_text(json.dumps(json.loads(dumps(a_file())) | change))
    with pytest.raises(RubricError, match=words) as caught:
        read_calibration(path)
    assert caught.value.diagnostics[0].code == "D207"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slope": -1}, "falls"),
        ({"slope": "1"}, "`slope`"),
        ({"method": "magic"}, "no method 'magic'"),
        ({"method": "isotonic", "points": [[0.5, 0.9], [0.6, 0.1]]}, "do not rise"),
        ({"method": "isotonic", "points": []}, "do not rise"),
        ({"method": "isotonic", "points": [[0.5, 1.5]]}, "do not rise"),
        ({"method": "isotonic", "points": [[0.5]]}, "pair"),
        ({"before": None}, "`before`"),
    ],
)
def test_a_curve_that_is_none_is_refused(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    record = json.loads(dumps(a_file()))
    record["calibrations"][0] |= change
    path = tmp_path / "cal.json"
    path.write_text(json.dumps(record))
    with pytest.raises(RubricError, match=words):
        read_calibration(path)


@pytest.mark.parametrize("text", ["", "{", '{"a": NaN}', "[]", "\udcff"])
def test_bytes_that_are_no_calibration_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cal.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(RubricError, match="D207"):
        read_calibration(path)
    with pytest.raises(RubricError, match="D101"):
        read_calibration(tmp_path / "none.json")


# --------------------------------------------------------------------- answers


def said(ruling: Ruling, probability: float | None) -> Answer:
    return Answer(id="c1", ruling=ruling, probability=probability)


def test_the_ruling_follows_the_probability() -> None:
    lower = calibrated(said(YES, 0.7), QUESTION, HALVED)
    assert lower.probability == pytest.approx(0.24, abs=0.005)
    assert lower.ruling == NO
    assert lower.reason == "no by calibration: 0.7 of yes means 0.24"
    raised = calibrated(said(NO, 0.3), QUESTION, Platt(1.0, 2.0))
    assert raised.ruling == YES
    kept = calibrated(said(YES, 0.99), QUESTION, HALVED)
    assert (kept.ruling, kept.reason) == (YES, None)


def test_what_calibration_leaves_alone() -> None:
    to_no = Isotonic(((0.5, 0.1),))
    even = Isotonic(((0.5, 0.5),))
    levels = Question(text="How?", scale=AnswerScale(("yes", "partly", "no")))
    assert calibrated(said(YES, None), QUESTION, to_no) == said(YES, None)
    assert calibrated(said(YES, 0.9), QUESTION, even).ruling == YES
    assert calibrated(said(NO, 0.1), QUESTION, even).ruling == NO
    for ruling in (PARTLY, YES):
        found = calibrated(said(ruling, 0.9), levels, to_no)
        assert (found.ruling, found.probability) == (ruling, 0.1)
    assert calibrated(said(NA, 0.9), QUESTION, to_no).ruling == NA
    failed = Answer(id="c1", failure=Failure("judge_refused", "no"))
    assert calibrated(failed, QUESTION, to_no) == failed
    assert calibrated(said(YES, 7.0), QUESTION, to_no) == said(YES, 7.0)


def test_a_yes_that_needs_a_quote_is_never_made() -> None:
    to_yes = Isotonic(((0.5, 0.9),))
    question = Question(text="Is so.", evidence=True)
    assert calibrated(said(NO, 0.4), question, to_yes).ruling == NO
    assert calibrated(said(NO, 0.4), QUESTION, to_yes).ruling == YES


# ---------------------------------------------------------------------- judges


def test_a_spec_wraps_its_judge(tmp_path: Path) -> None:
    path = tmp_path / "cal.json"
    path.write_text(dumps(a_file()))
    plain = book("sure:m").panel(RUBRIC, None).members[0]
    judges = book(f"sure:m?calibration={path}")
    judge = judges.panel(RUBRIC, None).members[0]
    reply = asyncio.run(judge.backend.judge(request(QUESTION, QUESTION)))
    assert [a.ruling for a in reply.answers] == [NO, NO]
    assert (reply.usage.prompt_tokens, reply.model) == (3, "m-1")
    assert judge.name == plain.name == "sure:m"
    assert judge.backend.capabilities == plain.backend.capabilities
    assert judge.identity != plain.identity
    assert judge.backend.template != plain.backend.template
    asyncio.run(judges.close())


def test_the_identity_is_that_of_what_the_file_holds(tmp_path: Path) -> None:
    identities = []
    for name, intercept in (("a", -1.0), ("b", -1.0), ("c", -2.0)):
        path = tmp_path / f"{name}.json"
        path.write_text(dumps(a_file(Platt(1.0, intercept))))
        judge = book(f"sure:m?calibration={path}").panel(RUBRIC, None).members[0]
        identities.append((judge.identity, judge.backend.template))
    assert identities[0] == identities[1] != identities[2]
    assert identities[0][1] != identities[2][1]


def test_a_calibration_of_another_judge_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cal.json"
    for file, words in [
        (a_file(judge="other:m"), "no calibration of sure:m, only of other:m"),
        (a_file(template="t0"), "another prompt template"),
    ]:
        path.write_text(dumps(file))
        with pytest.raises(RubricError, match=words) as caught:
            book(f"sure:m?calibration={path}").panel(RUBRIC, None)
        assert caught.value.diagnostics[0].code == "D207"


def test_a_judge_is_not_calibrated_twice_over(tmp_path: Path) -> None:
    """A fit on results that were calibrated already does not fit the bare judge."""
    path = tmp_path / "cal.json"
    path.write_text(dumps(a_file()))
    judge = book(f"sure:m?calibration={path}").panel(RUBRIC, None).members[0]
    path.write_text(dumps(a_file(template=judge.backend.template)))
    with pytest.raises(RubricError, match="another prompt template"):
        book(f"sure:m?calibration={path}").panel(RUBRIC, None)


def test_only_a_judge_with_estimates_has_them_wrapped(tmp_path: Path) -> None:
    path = tmp_path / "cal.json"
    path.write_text(dumps(a_file(judge="priced:m")))
    priced = book(f"priced:m?calibration={path}").panel(RUBRIC, None).members[0]
    assert isinstance(priced.backend, EstimatingBackend)
    assert priced.backend.estimate(request(QUESTION)).prompt_tokens == 1
    path.write_text(dumps(a_file()))
    plain = book(f"sure:m?calibration={path}").panel(RUBRIC, None).members[0]
    assert not isinstance(plain.backend, EstimatingBackend)


def test_the_configuration_names_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "cal.json").write_text(dumps(a_file()))
    config = """
    [judges.careful]
    backend = "sure"
    model = "m"
    calibration = "cal.json"
    """
    judges = book("careful", config=config, folder=tmp_path)
    judge = judges.panel(RUBRIC, None).members[0]
    reply = asyncio.run(judge.backend.judge(request(QUESTION)))
    assert reply.answers[0].ruling == NO
