"""Whether every name is given once and every name used is known."""

import unicodedata
from collections.abc import Iterator

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.building import Built
from rubricdsl.language.fields import Reference
from rubricdsl.language.scopes import Scope, included, item_name, named_items
from rubricdsl.model.rubric import Include, Rubric
from rubricdsl.model.source import Span

# Letters of other scripts that look like Latin ones (Unicode TR 39, the common few).
_LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕһԁɡոνοραβεικ",
    "aeopcyxijshdgnvopabeik",
)


def check_names(rubric: Rubric) -> Iterator[Diagnostic]:
    """Give names that stand twice, or look as if they did."""
    seen: dict[str, Span] = {}
    skeletons: dict[str, str] = {}
    for named, own in named_items(rubric):
        if not own:
            continue
        name, span = item_name(named.item), named.item.span
        if not name:
            continue
        if name in seen:
            message = f"`{name}` is already the name of line {seen[name].line}"
            hint = "names are unique in a rubric, groups included; choose another"
            yield Diagnostic("E301", message, span, hint)
            continue
        seen[name] = span
        skeleton = _skeleton(name)
        other = skeletons.setdefault(skeleton, name)
        if other != name:
            message = (
                f"`{name}` cannot be told from `{other}` (line {seen[other].line})"
            )
            hint = "choose a name that differs in more than case or look-alike letters"
            yield Diagnostic("E311", message, span, hint)
    yield from _twice("judge", ((j.name, j.span) for j in rubric.judges))
    yield from _twice("parameter", ((p.name, p.span) for p in rubric.params))
    yield from _twice("test", ((t.title, t.span) for t in rubric.tests))
    yield from _twice("import", ((u.alias, u.span) for u in rubric.uses))


def check_references(built: Built, scope: Scope) -> Iterator[Diagnostic]:
    """Give judges, criteria and includes that are named and not there."""
    rubric = built.rubric
    judges = {judge.name for judge in rubric.judges}
    for reference in built.references:
        if reference.key == "judge" and reference.name not in judges:
            known = ", ".join(sorted(judges))
            hint = f"the judges are: {known}" if known else "declare it: `judge name`"
            message = f"no judge is called `{reference.name}`"
            yield Diagnostic("E302", message, reference.span, hint)
        if reference.key == "needs" and scope.find(reference.name) is None:
            message = f"no criterion is called `{reference.name}`"
            hint = scope.suggestion(reference.name)
            yield Diagnostic("E304", message, reference.span, hint)
    for named, own in named_items(rubric):
        if own and isinstance(named.item, Include):
            yield from _check_include(rubric, named.item, named.node)


def check_needs(built: Built, scope: Scope) -> Iterator[Diagnostic]:
    """Give each member of a circle in ``needs``."""
    wanted: dict[str, list[tuple[str, Reference]]] = {}
    for reference in built.references:
        target = scope.find(reference.name)
        owner = scope.by_name.get(reference.owner)
        if reference.key == "needs" and target is not None and owner is not None:
            wanted.setdefault(owner, []).append((target.path, reference))
    for owner, needs in wanted.items():
        for path, reference in needs:
            if _reaches(path, owner, wanted):
                message = f"`{reference.owner}` would need itself"
                hint = "leave out one `needs:` of the circle"
                yield Diagnostic("E307", message, reference.span, hint)


def _reaches(
    start: str, goal: str, wanted: dict[str, list[tuple[str, Reference]]]
) -> bool:
    """Say whether deciding ``start`` asks for ``goal``; a group asks for all in it."""
    seen: set[str] = set()
    stack = [start]
    while stack:
        path = stack.pop()
        if path == goal or goal.startswith(f"{path}."):
            return True
        if path in seen:
            continue
        seen.add(path)
        for owner, needs in wanted.items():
            if owner == path or owner.startswith(f"{path}."):
                stack.extend(target for target, _ in needs)
    return False


def _twice(what: str, names: Iterator[tuple[str, Span]]) -> Iterator[Diagnostic]:
    seen: dict[str, int] = {}
    for name, span in names:
        if name in seen:
            message = f"there is already a {what} `{name}` in line {seen[name]}"
            yield Diagnostic("E312", message, span, "choose another name")
        seen.setdefault(name, span.line)


def _check_include(
    rubric: Rubric, include: Include, node: object
) -> Iterator[Diagnostic]:
    found = included(rubric, include)
    if found is None:
        if include.alias not in {use.alias for use in rubric.uses}:
            message = f"nothing is imported as `{include.alias}`"
            hint = f'import it above: `use "file.rub" as {include.alias}`'
            yield Diagnostic("E304", message, include.span, hint)
        return  # else E305 or E306 has said so
    imported, target = found
    if node is None:
        message = f"the rubric `{imported.name}` has no `{target}`"
        hint = Scope.of(imported).suggestion(target)
        yield Diagnostic("E304", message, include.span, hint)
    given = {argument.name: argument for argument in include.arguments}
    params = {param.name: param for param in imported.params}
    for name, argument in given.items():
        if name not in params:
            message = f"`{imported.name}` has no parameter `{name}`"
            hint = f"it has: {', '.join(params) or 'none'}"
            yield Diagnostic("E303", message, argument.span, hint)
        elif (params[name].type == "number") != isinstance(argument.value, float):
            message = f"the parameter `{name}` is a {params[name].type}"
            hint = 'a number is written 3, a text "…"'
            yield Diagnostic("E421", message, argument.span, hint)
    for name, param in params.items():
        if param.default is None and name not in given:
            message = f"the parameter `{name}` of `{imported.name}` has no value"
            hint = f"give it: `include {include.target} ({name} = …)`"
            yield Diagnostic("E303", message, include.span, hint)


def _skeleton(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold()
    return plain.translate(_LOOK_ALIKES)
