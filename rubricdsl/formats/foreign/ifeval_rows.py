"""Writing IFEval rows; `rubricdsl.formats.ifeval` reads them.

An instruction is known by its kind, kept as ``source``, and its check: arguments are
taken from the check, and hold only if reading them gives that check again.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

from rubricdsl.expressions.walking import walk
from rubricdsl.formats.foreign.flattening import scored, weighed
from rubricdsl.formats.foreign.telling import Ledger
from rubricdsl.formats.foreign.writing import Bind, refuse_empty, row_file
from rubricdsl.formats.ifeval_arguments import InstructionError
from rubricdsl.formats.ifeval_instructions import read_instruction
from rubricdsl.model.digest import Plain
from rubricdsl.model.expression import Constant, Expression
from rubricdsl.model.protocols import ExportedFile
from rubricdsl.model.rubric import BoundRubric, Criterion, Rubric

_Arguments = dict[str, Plain]
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "change_case:capital_word_frequency": ("capital_frequency",),
    "detectable_content:number_placeholders": ("num_placeholders",),
    "detectable_format:multiple_sections": ("num_sections",),
    "detectable_format:number_bullet_lists": ("num_bullets",),
    "detectable_format:number_highlighted_sections": ("num_highlights",),
    "keywords:frequency": ("frequency",),
    "keywords:letter_frequency": ("let_frequency",),
    "length_constraints:nth_paragraph_first_word": ("num_paragraphs", "nth_paragraph"),
    "length_constraints:number_paragraphs": ("num_paragraphs",),
    "length_constraints:number_sentences": ("num_sentences",),
    "length_constraints:number_words": ("num_words",),
}
_TEXTS: Mapping[str, str] = {
    "combination:repeat_prompt": "prompt_to_repeat",
    "detectable_content:postscript": "postscript_marker",
    "detectable_format:multiple_sections": "section_spliter",
    "keywords:frequency": "keyword",
    "keywords:letter_frequency": "letter",
    "language:response_language": "language",
    "length_constraints:nth_paragraph_first_word": "first_word",
    "startend:end_checker": "end_phrase",
}
_LISTS: Mapping[str, str] = {
    "keywords:existence": "keywords",
    "keywords:forbidden_words": "forbidden_words",
}
_RELATIONS: Mapping[str, str] = {
    "change_case:capital_word_frequency": "capital_relation",
    "keywords:frequency": "relation",
    "keywords:letter_frequency": "let_relation",
    "length_constraints:number_sentences": "relation",
    "length_constraints:number_words": "relation",
}
_RELATION_WORDS = ("at least", "less than", "al menos", "como máximo")
_POSTSCRIPTS = ("P.S.", "P.P.S", "P.D.")
_ANY_CASE = "(?i)"


def write_ifeval(rubrics: Sequence[Rubric], bind: Bind) -> ExportedFile:
    """Write a row for each rubric, with its criteria that are instructions."""
    rows: list[Plain] = []
    paths: list[tuple[str, str]] = []
    ledgers = [Ledger(rubric) for rubric in rubrics]
    for ledger in ledgers:
        bound = bind(ledger.rubric)
        ledger.rubric_but(frozenset({"prompt", "for_prompts"}))
        key = bound.for_prompts[0] if bound.for_prompts else bound.name
        kinds: list[Plain] = []
        values: list[Plain] = []
        for criterion, arguments in _instructions(bound, ledger):
            paths.append((f"{key}/{len(kinds)}", criterion.path))
            kinds.append(criterion.source)
            values.append(arguments)
        refuse_empty(kinds, ledger.rubric, "ifeval")
        rows.append(
            {
                "key": key,
                "prompt": bound.prompt or "",
                "instruction_id_list": kinds,
                "kwargs": values,
            }
        )
    return row_file(rows, paths, ledgers)


def _instructions(
    bound: BoundRubric, ledger: Ledger
) -> Iterator[tuple[Criterion, _Arguments]]:
    for one in scored(weighed(bound, ledger), ledger):
        criterion = one.criterion
        arguments = None
        if criterion.source is not None and criterion.check is not None:
            arguments = arguments_of(criterion.source, criterion.check)
        if arguments is None:
            ledger.lose(one.path, "a criterion that is no instruction of IFEval")
            continue
        ledger.node_but(criterion, frozenset({"check", "source"}))
        if one.weight != 1:
            ledger.lose(one.path, "its weight", "each instruction counts the same")
        yield criterion, arguments


def arguments_of(kind: str, check: Expression) -> _Arguments | None:
    """Give arguments with which an instruction has just this check, if there are."""
    for arguments in _candidates(kind, check):
        try:
            if read_instruction(kind, arguments).check == check:
                return arguments
        except InstructionError:
            continue
    return None


def _candidates(kind: str, check: Expression) -> Iterator[_Arguments]:
    bare = kind.partition(":")[2] if kind.startswith(("en:", "es:")) else kind
    constants = [e.value for e in walk(check) if isinstance(e, Constant)]
    numbers = [n for n in constants if isinstance(n, float)]
    texts = [t.removeprefix(_ANY_CASE) for t in constants if isinstance(t, str)]
    for numbered in _numbered(bare, numbers):
        for worded in _worded(bare, texts):
            for related in _related(bare):
                yield {**numbered, **worded, **related}


def _numbered(kind: str, numbers: Sequence[float]) -> Iterator[_Arguments]:
    wanted = _NUMBERS.get(kind, ())
    whole = [int(n) for n in numbers if n.is_integer()]
    for chosen in dict.fromkeys(permutations(whole, len(wanted))):
        yield dict(zip(wanted, chosen, strict=True))


def _worded(kind: str, texts: Sequence[str]) -> Iterator[_Arguments]:
    if kind in _LISTS:
        yield {_LISTS[kind]: list(dict.fromkeys(texts))}
    elif kind in _TEXTS:
        more = _POSTSCRIPTS if _TEXTS[kind] == "postscript_marker" else ()
        for text in dict.fromkeys([*texts, *more]):
            yield {_TEXTS[kind]: text}
    else:
        yield {}


def _related(kind: str) -> Iterator[_Arguments]:
    if kind not in _RELATIONS:
        yield {}
        return
    for words in _RELATION_WORDS:
        yield {_RELATIONS[kind]: words}
