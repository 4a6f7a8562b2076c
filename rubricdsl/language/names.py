"""Whether every name is given once and every name used is known."""

from collections.abc import Iterator, Mapping

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.building import Built
from rubricdsl.language.fields import Reference
from rubricdsl.language.scopes import Scope, included, item_name
from rubricdsl.language.words import skeleton_of
from rubricdsl.model.rubric import Criterion, Group, Include, Rubric
from rubricdsl.model.source import Span


def check_names(rubric: Rubric, scope: Scope) -> Iterator[Diagnostic]:
    """Give names that stand twice, or look as if they did."""
    seen: dict[str, Span] = {}
    skeletons: dict[str, str] = {}
    for named in scope.own:
        name, span = item_name(named.item), named.item.span
        if not name:
            continue
        if name in seen:
            message = f"`{name}` is already the name of line {seen[name].line}"
            hint = "names are unique in a rubric, groups included; choose another"
            yield Diagnostic("E301", message, span, hint)
            continue
        seen[name] = span
        skeleton = skeleton_of(name)
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
        name, span = reference.name, reference.span
        if reference.key == "judge" and name not in judges | built.lost_words:
            known = ", ".join(sorted(judges))
            hint = f"the judges are: {known}" if known else "declare it: `judge name`"
            yield Diagnostic("E302", f"no judge is called `{name}`", span, hint)
        if reference.key == "needs" and scope.lacks(name):
            message, hint = f"no criterion is called `{name}`", scope.suggestion(name)
            yield Diagnostic("E304", message, span, hint)
    scopes: dict[str, Scope] = {}
    for named in scope.own:
        if isinstance(named.item, Include):
            yield from _check_include(rubric, named.item, scope, named.node)
            yield from _check_target(rubric, named.item, scopes)


def check_needs(built: Built, scope: Scope) -> Iterator[Diagnostic]:
    """Give each member of a circle in ``needs``.

    Deciding a criterion asks for what it needs, deciding a group for all in it.
    """
    needs: list[tuple[str, str, Reference]] = []
    for reference in built.references:
        wanted, owner = scope.find(reference.name), scope.by_name.get(reference.owner)
        if reference.key == "needs" and wanted is not None and owner is not None:
            needs.append((owner, wanted.path, reference))
    if not needs:
        return
    asked: dict[str, list[str]] = {}
    for named in scope.by_path.values():
        above, _, name = named.path.rpartition(".")
        if name and above:
            asked.setdefault(above, []).append(named.path)
    for asking, target, _ in needs:
        asked.setdefault(asking, []).append(target)
    circle = _circles(asked)
    for asking, target, reference in needs:
        if asking == target or circle[asking] == circle[target]:
            message = f"`{reference.owner}` would need itself"
            hint = "leave out one `needs:` of the circle"
            yield Diagnostic("E307", message, reference.span, hint)


def _circles(edges: Mapping[str, list[str]]) -> dict[str, str]:
    """Give for each node a name for the circle that it lies on, or of its own.

    Tarjan's algorithm for strongly connected components (SIAM J. Comput. 1, 1972),
    without recursion.
    """
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    component: dict[str, str] = {}
    waiting: list[str] = []
    for root in edges:
        if root in order:
            continue
        path = [(root, iter(edges[root]))]
        order[root] = low[root] = len(order)
        waiting.append(root)
        while path:
            node, rest = path[-1]
            following = next(rest, None)
            if following is None:
                path.pop()
                if path:
                    above = path[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == order[node]:
                    while component.get(node) is None:
                        component[waiting.pop()] = node
            elif following not in order:
                order[following] = low[following] = len(order)
                waiting.append(following)
                path.append((following, iter(edges.get(following, ()))))
            elif following not in component:
                low[node] = min(low[node], order[following])
    return component


def _twice(what: str, names: Iterator[tuple[str, Span]]) -> Iterator[Diagnostic]:
    seen: dict[str, int] = {}
    for name, span in names:
        if name in seen:
            message = f"there is already a {what} `{name}` in line {seen[name]}"
            yield Diagnostic("E312", message, span, "choose another name")
        seen.setdefault(name, span.line)


def _check_include(
    rubric: Rubric, include: Include, scope: Scope, node: Criterion | Group | None
) -> Iterator[Diagnostic]:
    found = included(rubric, include)
    if found is None:
        aliases = {use.alias for use in rubric.uses}
        if include.alias not in aliases | scope.lost:
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


def _check_target(
    rubric: Rubric, include: Include, scopes: dict[str, Scope]
) -> Iterator[Diagnostic]:
    """Refuse to include a criterion without what it needs."""
    found = included(rubric, include)
    if found is None or not found[1]:
        return
    imported, target = found
    if include.alias not in scopes:
        scopes[include.alias] = Scope.of(imported)
    there = scopes[include.alias]
    wanted = there.find(target)
    if wanted is None:
        return
    inside = (wanted.path, f"{wanted.path}.")
    for named in there.own:
        if named.path != inside[0] and not named.path.startswith(inside[1]):
            continue
        for need in named.item.needs if isinstance(named.item, Criterion) else ():
            needed = there.find(need)
            if needed is not None and not f"{needed.path}.".startswith(inside[1]):
                message = f"`{include.target}` needs `{need}`, which stays behind"
                hint = "include the group that holds both, or the whole rubric"
                yield Diagnostic("E304", message, include.span, hint)
