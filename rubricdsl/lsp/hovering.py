"""What a name or word means, where the pointer rests on it."""

from collections.abc import Iterator, Mapping, Sequence

from lsprotocol import types

from rubricdsl.expressions.printing import print_expression
from rubricdsl.language.meanings import (
    FIELD_MEANINGS,
    JOINING_MEANINGS,
    KIND_MEANINGS,
    LINE_MEANINGS,
    MARK_MEANINGS,
    RESPONSE_MEANINGS,
    VERDICT_MEANINGS,
)
from rubricdsl.language.printing import print_mark
from rubricdsl.lsp.definitions import imported_at, named_at, response_at
from rubricdsl.lsp.documents import Reading
from rubricdsl.lsp.mentions import Mention, Role, mention_at
from rubricdsl.model.protocols import Parameter, Signature
from rubricdsl.model.rubric import (
    Criterion,
    Group,
    Info,
    JudgeSpec,
    LevelScale,
    Node,
    Param,
    Rubric,
    Weight,
    mark_name,
)
from rubricdsl.model.ruling import Ruling
from rubricdsl.scoring.bounds import Bounds
from rubricdsl.scoring.meaning import Meaning
from rubricdsl.scoring.shares import Shares

_IN_ITEMS = (MARK_MEANINGS, KIND_MEANINGS, JOINING_MEANINGS)
_ELSEWHERE = (VERDICT_MEANINGS, JOINING_MEANINGS)


def hover(reading: Reading, position: types.Position) -> types.Hover | None:
    """Say what stands at a position."""
    mention = mention_at(reading, reading.places.place(position))
    if mention is None:
        return None
    text = "\n\n".join(_told(reading, mention))
    if not text:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, reading.places.range(mention.span))


def _told(reading: Reading, mention: Mention) -> Iterator[str]:
    rubric = reading.rubric_at(mention.span.line)
    match mention.role:
        case Role.FIELD:
            yield f"**{mention.name}**: {FIELD_MEANINGS[mention.name]}"
        case Role.KEYWORD:
            yield from _word(reading, mention)
        case Role.FUNCTION if mention.name in reading.functions:
            signature = reading.functions[mention.name]
            yield f"```\n{signature_line(signature)}\n```"
            yield f"{signature.meaning}"
        case Role.RESPONSE_TEXT:
            yield f"**{mention.name}**: {RESPONSE_MEANINGS[mention.name]}"
        case Role.RESPONSE | Role.RESPONSE_LINE:
            response = response_at(reading, mention)
            if response is not None:
                yield f"**response {mention.name}**"
                yield _quoted(response.text)
        case _ if rubric is not None:
            yield from _declared(reading, rubric, mention)
        case _:
            return


def _word(reading: Reading, mention: Mention) -> Iterator[str]:
    line = reading.lines[mention.span.line][-1]
    tables: Sequence[Mapping[str, str]] = (
        _IN_ITEMS if line.text.startswith("[") else _ELSEWHERE
    )
    if mention.span.column == line.column + 1:
        tables = (LINE_MEANINGS,)
    meaning = next((t[mention.name] for t in tables if mention.name in t), None)
    if meaning is not None:
        yield f"**{mention.name}**: {meaning}"


def signature_line(signature: Signature) -> str:
    """Write a function as it is called, and the type of what it gives."""
    parameters = ", ".join(_parameter(each) for each in signature.parameters)
    return f"{signature.name}({parameters}) → {signature.result}"


def _parameter(parameter: Parameter) -> str:
    if not parameter.named:
        return f"{parameter.name}: {parameter.type}"
    choices = " | ".join(f'"{choice}"' for choice in parameter.choices)
    return f"{parameter.name} = {choices or parameter.default}"


# --------------------------------------------------------------- declarations


def _declared(reading: Reading, rubric: Rubric, mention: Mention) -> Iterator[str]:
    match mention.role:
        case Role.ITEM | Role.REFERENCE | Role.TARGET:
            yield from _item(reading, rubric, mention)
        case Role.ALIAS_LINE | Role.FILE:
            imported = imported_at(reading, rubric, mention)
            yield from () if imported is None else _rubric(imported)
        case Role.ARGUMENT:
            imported = imported_at(reading, rubric, mention)
            params = () if imported is None else imported.params
            yield from (_param(each) for each in params if each.name == mention.name)
        case Role.RUBRIC:
            yield from _rubric(rubric)
        case _:
            yield from _part(rubric, mention)


def _part(rubric: Rubric, mention: Mention) -> Iterator[str]:
    """Tell of what the rubric itself declares beside its items."""
    match mention.role:
        case Role.JUDGE | Role.JUDGE_BLOCK:
            judges = (each for each in rubric.judges if each.name == mention.name)
            yield from (line for judge in judges for line in _judge(judge))
        case Role.PARAM | Role.PARAM_LINE:
            params = (each for each in rubric.params if each.name == mention.name)
            yield from map(_param, params)
        case Role.CLASS | Role.CLASS_LINE:
            weight = dict(rubric.weights.classes).get(mention.name)
            if weight is not None:
                yield f"**{mention.name}**: a class of weights; each weighs {weight:g}."
        case _:
            return


def _rubric(rubric: Rubric) -> Iterator[str]:
    version = f" {rubric.version}" if rubric.version else ""
    yield f"**rubric {rubric.name}{version}**"
    if rubric.title:
        yield _quoted(rubric.title)
    count = len(rubric.items)
    yield f"{count} items at its top, {len(rubric.tests)} tests."


def _judge(judge: JudgeSpec) -> Iterator[str]:
    yield f"**judge {judge.name}**"
    models = ", ".join(judge.models) or "as `rub.toml` says"
    votes = f"{judge.votes} votes each, {judge.rule}" if judge.votes > 1 else "1 vote"
    yield f"{models}; asked {judge.ask}; {votes}."
    if judge.instructions:
        yield _quoted(judge.instructions)


def _param(param: Param) -> str:
    default = "no default: whoever uses the rubric gives it"
    if param.default is not None:
        shown = f'"{param.default}"' if param.type == "text" else f"{param.default:g}"
        default = f"{shown} unless said otherwise"
    return f"**{{{{{param.name}}}}}**: a {param.type}; {default}."


def _item(reading: Reading, rubric: Rubric, mention: Mention) -> Iterator[str]:
    named = named_at(reading, mention)
    if named is None:
        imported = dict(rubric.imported).get(mention.name)
        if imported is not None:
            yield from _rubric(imported)
        return
    if mention.role is Role.TARGET:
        node = named.node
        if node is not None:
            yield from _node(node)
        return
    meaning = reading.meaning(rubric)
    places = () if meaning is None else meaning.structure.places
    found = (place.node for place in places if place.node.path == named.path)
    node = next(found, named.node)
    if node is None:
        return
    yield from _node(node)
    if meaning is not None:
        yield from _stakes(meaning, node)


def _node(node: Node) -> Iterator[str]:
    if isinstance(node, Group):
        kind = f"at least {node.count} of" if node.count else f"{node.kind} of"
        yield f"**[{print_mark(node.mark)}] {kind} {node.name}**"
        word = str(node.kind).split(" ", maxsplit=1)[0]
        yield KIND_MEANINGS[word]
        if node.combine is not None:
            yield f"`{print_expression(node.combine)}`"
    else:
        yield f"**[{print_mark(node.mark)}] {node.name}**"
    if node.text:
        yield _quoted(node.text)
    if not isinstance(node.mark, Weight):
        yield MARK_MEANINGS[mark_name(node.mark)]
    if isinstance(node, Criterion):
        yield _decided(node)


def _decided(criterion: Criterion) -> str:
    if criterion.check is not None:
        return f"Decided by its check: `{print_expression(criterion.check)}`"
    judge = f"the judge `{criterion.judge}`" if criterion.judge else "the default judge"
    return f"Decided by {judge}."


def _stakes(meaning: Meaning, node: Node) -> Iterator[str]:
    """Say what share of the score a node has, and what its verdict can change."""
    share = Shares.of(meaning).by_path().get(node.path)
    if share is not None:
        yield f"Share of the score: {share:.1%}"
    if isinstance(node, Group) or isinstance(node.mark, Info):
        return
    bounds = Bounds(meaning)
    low, high = "not met", "met"
    if isinstance(node.scale, LevelScale):
        low, high = "at its lowest level", "at its highest level"
    yield (
        f"What it changes: {low}, the score is {_range(bounds, node, 0.0)}; "
        f"{high}, it is {_range(bounds, node, 1.0)}."
    )


def _range(bounds: Bounds, criterion: Criterion, value: float) -> str:
    reach = bounds.score({criterion.path: Ruling.of_number(value)})
    if reach.interval is None:
        return "undefined"
    low, high = reach.interval
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


def _quoted(text: str) -> str:
    """Quote a text of a rubric, so that nothing in it acts as Markdown."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"
