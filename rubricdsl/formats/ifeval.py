"""IFEval and M-IFEval: one rubric for each prompt, one check for each instruction.

Two shapes of rows are read: the original ``{key, prompt, instruction_id_list,
kwargs}``, and ``{prompt_id, prompt, criteria: [{id, text, weight, args}]}`` with the
kind of instruction as text.
"""

import gzip
import io
import zlib
from collections.abc import Iterator

from attrs import frozen

from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.diagnostics.strict_json import StrictJsonError, loads_strict
from rubricdsl.formats.ifeval_arguments import InstructionError
from rubricdsl.formats.ifeval_instructions import Instruction, read_instruction
from rubricdsl.language.naming import unique_name
from rubricdsl.model.digest import Plain
from rubricdsl.model.protocols import ImportedRubric, RubricFormatOffer
from rubricdsl.model.rubric import Criterion, Info, Rubric, Weight
from rubricdsl.model.source import Span

MAX_BYTES = 256 << 20
"""Bytes that a file may have once it is unpacked."""
_GZIP = b"\x1f\x8b"
_SHAPE = (
    "a row is {key, prompt, instruction_id_list, kwargs} or {prompt_id, prompt, "
    "criteria: [{id, text, weight, args}]}"
)


@frozen
class PromptRubric:
    """The rubric of one prompt, with the ids of its source and their paths."""

    prompt_id: str
    rubric: Rubric
    paths: tuple[tuple[str, str], ...]


def read_ifeval(data: bytes, name: str) -> Iterator[ImportedRubric]:
    """Read a file of IFEval rows, packed or not, into ``.rub`` sources.

    Raises RubricError as `read_rubrics` does.
    """
    from rubricdsl.language.printing import print_rubric

    for found in read_rubrics(data, name):
        yield ImportedRubric(
            file_stem=found.rubric.name,
            text=print_rubric(found.rubric),
            paths=found.paths,
        )


def read_rubrics(data: bytes, name: str) -> tuple[PromptRubric, ...]:
    """Read a file of IFEval rows into rubrics, in their order.

    Raises:
        RubricError: with every row that cannot be read (D102), lacks a field (D103)
            or holds an unknown instruction (D109), or the file as a whole (D104,
            D109).
    """
    rubrics: list[PromptRubric] = []
    faults: list[Diagnostic] = []
    taken = set[str]()
    for number, line in enumerate(_unpacked(data, name), start=1):
        if not line.strip():
            continue
        place = Span(name, number, 1, number, 1)
        row = _Row(place, faults)
        before = len(faults)
        rubric = row.read(line, taken)
        if rubric is not None and len(faults) == before:
            rubrics.append(rubric)
    if faults:
        raise RubricError(faults)
    return tuple(rubrics)


IFEVAL = RubricFormatOffer(
    name="ifeval",
    description="IFEval and M-IFEval prompts: instructions become checks",
    read=read_ifeval,
)


def _unpacked(data: bytes, name: str) -> list[str]:
    place = Span(name, 1, 1, 1, 1)
    if data.startswith(_GZIP):
        try:
            with gzip.open(io.BytesIO(data)) as packed:
                data = packed.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            reason = f"{name} cannot be unpacked: {error}"
            fail("D109", reason, hint="pack it again with gzip", span=place)
    if len(data) > MAX_BYTES:
        reason = f"{name} is larger than {MAX_BYTES >> 20} MiB"
        fail("D109", reason, hint="split the file", span=place)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fail(
            "D104",
            f"byte {error.start} of {name} is not UTF-8",
            hint="save the file as UTF-8",
            span=Span(name, line, 1, line, 1),
        )
    return text.split("\n")


@frozen
class _Row:
    """One row of the file; what is wrong with it goes to ``faults``."""

    place: Span
    faults: list[Diagnostic]

    def report(self, code: str, message: str, hint: str) -> None:
        self.faults.append(Diagnostic(code, message, self.place, hint))

    def read(self, line: str, taken: set[str]) -> PromptRubric | None:
        try:
            row = loads_strict(line)
        except StrictJsonError as error:
            self.report("D102", f"not valid JSON: {error.reason}", _SHAPE)
            return None
        if not isinstance(row, dict):
            self.report("D103", "the row is not an object", _SHAPE)
            return None
        key = row.get("prompt_id", row.get("key"))
        prompt = row.get("prompt")
        asked = self.instructions(row)
        if isinstance(key, int) and not isinstance(key, bool):
            key = str(key)
        if not isinstance(key, str) or not key.strip() or not isinstance(prompt, str):
            self.report("D103", "the row has no prompt or no id of one", _SHAPE)
            return None
        if not asked:
            return None
        criteria: list[Criterion] = []
        paths: list[tuple[str, str]] = []
        names = set[str]()
        for one in asked:
            criterion = self.criterion(one, names)
            if criterion is not None:
                criteria.append(criterion)
                paths.append((f"{key}/{one.id}", criterion.name))
        rubric = Rubric(
            name=unique_name(f"ifeval {key}", taken),
            items=tuple(criteria),
            prompt=prompt,
            for_prompts=(key,),
        )
        return PromptRubric(key, rubric, tuple(paths))

    def instructions(self, row: dict[str, Plain]) -> list["_Asked"]:
        """Give the instructions of either shape; empty if there are none."""
        kinds, values = row.get("instruction_id_list"), row.get("kwargs")
        criteria = row.get("criteria")
        if isinstance(criteria, list):
            asked = [self.asked(one) for one in criteria]
        elif isinstance(kinds, list) and isinstance(values, list):
            if len(kinds) != len(values):
                self.report("D103", "kwargs and instructions differ in number", _SHAPE)
                return []
            pairs = zip(kinds, values, strict=True)
            asked = [
                self.asked({"id": str(index), "text": kind, "args": value})
                for index, (kind, value) in enumerate(pairs)
            ]
        else:
            asked = []
        found = [one for one in asked if one is not None]
        if not asked:
            self.report("D103", "the row has no instructions", _SHAPE)
        return found

    def asked(self, record: Plain) -> "_Asked | None":
        if isinstance(record, dict):
            kind, values = record.get("text"), record.get("args")
            weight = record.get("weight", 1)
            if (
                isinstance(kind, str)
                and isinstance(values, dict | None)
                and isinstance(weight, int | float)
            ):
                # The original writes the arguments of all kinds, most of them null.
                given: dict[str, Plain] = {
                    k: v for k, v in (values or {}).items() if v is not None
                }
                return _Asked(str(record.get("id", "")), kind, given, float(weight))
        self.report("D103", "an instruction is not of the right form", _SHAPE)
        return None

    def criterion(self, asked: "_Asked", names: set[str]) -> Criterion | None:
        try:
            instruction: Instruction = read_instruction(asked.kind, asked.values)
        except InstructionError as error:
            self.report(
                "D109",
                f"the instruction {asked.kind!r} cannot be imported: {error}",
                "take it out of the row, or write the criterion by hand",
            )
            return None
        name = instruction.name
        number = 2
        while name in names:
            name = f"{instruction.name}_{number}"
            number += 1
        names.add(name)
        return Criterion(
            name=name,
            mark=Weight(asked.weight) if asked.weight else Info(),
            text=instruction.text,
            check=instruction.check,
            source=asked.kind,
        )


@frozen
class _Asked:
    id: str
    kind: str
    values: dict[str, Plain]
    weight: float
