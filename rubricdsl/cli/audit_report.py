"""An audit in a terminal: what got through, by what, and what would stop it."""

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence

from rubricdsl.audit.credits import Count, Credit
from rubricdsl.audit.findings import Findings
from rubricdsl.audit.kills import Killer, MutationResult
from rubricdsl.audit.remedies import Remedy
from rubricdsl.audit.trials import ProbeResult
from rubricdsl.diagnostics.render import safe_text
from rubricdsl.formats.terminal import Style, Tone, cut, left, right, width_of

_MOST_REMEDIES = 6
_MOST_CRITERIA = 12
_MOST_PROBES = 3
_GAP = "  "
_LONGEST = 36


def write_report(findings: Findings) -> None:
    """Write an audit to stdout."""
    columns = shutil.get_terminal_size((100, 24)).columns
    style = Style(width=columns, encoding=sys.stdout.encoding)
    for line in report_lines(findings, style):
        sys.stdout.write(line.rstrip() + "\n")


def report_lines(findings: Findings, style: Style) -> Iterator[str]:
    """Give the lines of an audit, none of which acts on a terminal."""
    yield from _probes(findings, style)
    yield from _credits(findings, style)
    yield from _remedies(findings.remedies, style)
    if findings.mutations:
        yield from _mutations(findings.mutations, style)
        yield from _killers(findings.killers, style)
    spots = list(findings.blind_spots())
    if spots:
        yield ""
        yield from _title("Not measured", style)
        for spot in spots:
            yield _GAP + style.clean(spot)


def _title(text: str, style: Style) -> Iterator[str]:
    clean = cut(style.clean(text), style.width, ellipsis=style.symbols.ellipsis)
    yield style.paint(clean, Tone.STRONG)
    yield style.paint(style.symbols.line * style.width, Tone.FAINT)


def _table(rows: Sequence[Sequence[str]], style: Style) -> Iterator[str]:
    """Give rows below each other; all columns but the first and last are numbers.

    The last is a text, which is cut where the terminal ends.
    """
    clean = [[style.clean(cell) for cell in row] for row in rows]
    widths = [max(map(width_of, column)) for column in zip(*clean, strict=True)]
    widths[0] = min(widths[0], _LONGEST)
    last = len(widths) - 1
    for row in clean:
        first = cut(row[0], widths[0], ellipsis=style.symbols.ellipsis)
        cells = [left(first, widths[0])]
        cells += [right(row[n], widths[n]) for n in range(1, last)]
        line = _GAP + _GAP.join([*cells, row[last]])
        yield cut(line, style.width, ellipsis=style.symbols.ellipsis)


def _of(count: Count) -> str:
    return f"{count.count} of {count.total}"


def _percent(share: float | None, style: Style) -> str:
    return style.symbols.missing if share is None else f"{share:.1%}"


# ----------------------------------------------------------------------- probes


def _probes(findings: Findings, style: Style) -> Iterator[str]:
    yield from _title(f"What reaches the top {findings.top:.0%} of the pool", style)
    made_of = {base.key: base.response.response_id for base in findings.bases}
    for top in findings.tops:
        bar = "no top" if top.bar is None else f"from {top.bar:.4f} on"
        best = f"the best {top.size}" if top.size > 1 else "the best one"
        made = made_of.get(top.key)
        more = "" if made is None else f"; probes are made of {made}"
        text = f"{top.rubric}, {top.prompt_id}: {best} of {top.scored}, {bar}{more}"
        yield _GAP + style.clean(text)
    yield ""
    rows = [("probe", "got through", "at most", "what it attacks")]
    rows += [
        (
            result.offer.name,
            _of(Count(len(result.through), result.measured)),
            _percent(result.upper, style),
            _remark(result),
        )
        for result in findings.probes
    ]
    lines = list(_table(rows, style))
    yield style.paint(lines[0], Tone.FAINT)
    for result, line in zip(findings.probes, lines[1:], strict=True):
        tone = Tone.BAD if result.through else Tone.GOOD
        yield style.paint(line, tone if result.measured else Tone.DOUBTFUL)


def _remark(result: ProbeResult) -> str:
    remark = result.offer.attacks
    if result.caught:
        remark += f" ({result.caught} caught by canaries)"
    return remark


# --------------------------------------------------------------------- criteria


def _credits(findings: Findings, style: Style) -> Iterator[str]:
    fooled = [credit for credit in findings.credits if credit.fooled.count]
    met = [credit for credit in fooled if credit.helps]
    met.sort(key=lambda one: -one.fooled.count / one.fooled.total)
    silent = [credit for credit in fooled if not credit.helps]
    for title, head, some in (
        ("Criteria that junk meets", "met by junk", met),
        ("Penalties and bans that passed junk over", "did not fire on", silent),
    ):
        if not some:
            continue
        yield ""
        yield from _title(title, style)
        rows = [("criterion", head, "most by")]
        rows += [
            (_name(credit, findings), _of(credit.fooled), _by(credit))
            for credit in some[:_MOST_CRITERIA]
        ]
        yield from _table(rows, style)
        yield from _others(len(some) - _MOST_CRITERIA)


def _name(credit: Credit | Killer, findings: Findings) -> str:
    if len(findings.rubrics) == 1:
        return credit.path
    return f"{credit.rubric}.{credit.path}"


def _by(credit: Credit) -> str:
    counts = [(name, one) for name, one in credit.by_probe.items() if one.count]
    counts.sort(key=lambda pair: (-pair[1].count / pair[1].total, -pair[1].count))
    named = [f"{name} {one.count}/{one.total}" for name, one in counts[:_MOST_PROBES]]
    more = ", …" if len(counts) > _MOST_PROBES else ""
    return ", ".join(named) + more


def _others(count: int) -> Iterator[str]:
    if count > 0:
        yield f"{_GAP}and {count} more (--json gives all)"


# --------------------------------------------------------------------- remedies


def _remedies(found: Sequence[Remedy], style: Style) -> Iterator[str]:
    if not found:
        return
    yield ""
    yield from _title("What would close it, to be looked over", style)
    for remedy in found[:_MOST_REMEDIES]:
        if remedy.criterion is None:
            head = f"add to {remedy.rubric}, against {', '.join(remedy.probes)}"
        else:
            head = f"replace {remedy.criterion} of {remedy.rubric}"
        yield _GAP + style.clean(f"{head}: {remedy.why}")
        for line in remedy.lines.split("\n"):
            yield style.paint(f"{_GAP}{_GAP}{_written(line, style)}", Tone.STRONG)
        yield f"{_GAP}{_GAP}# {_tried(remedy)}"
    yield from _others(len(found) - _MOST_REMEDIES)


def _tried(remedy: Remedy) -> str:
    if remedy.stops is None or remedy.harms is None:
        return "not tried: a judge has to decide it"
    return (
        f"stops {_of(remedy.stops)} of what got through, and "
        f"{_of(remedy.harms)} of the best of the pool"
    )


def _written(line: str, style: Style) -> str:
    """Give a line to be pasted: its blanks count, and nothing in it may act."""
    try:
        shown = line.encode(style.encoding, "replace").decode(style.encoding)
    except LookupError:
        shown = line.encode("ascii", "replace").decode("ascii")
    return safe_text(shown)


# -------------------------------------------------------------------- mutations


def _mutations(results: Sequence[MutationResult], style: Style) -> Iterator[str]:
    yield ""
    yield from _title("Mutants of the best responses", style)
    rows = [("mutation", "killed", "at least", "at most", "what it does")]
    for result in results:
        interval = result.interval
        what = result.offer.description
        if result.rewarded:
            what += f" ({result.rewarded} score more than the original)"
        rows.append(
            (
                result.offer.name,
                _of(Count(result.killed, len(result.measured))),
                _percent(None if interval is None else interval.low, style),
                _percent(None if interval is None else interval.high, style),
                what,
            )
        )
    yield from _table(rows, style)


def _killers(found: Sequence[Killer], style: Style) -> Iterator[str]:
    killing = [one for one in found if one.kills]
    killing.sort(key=lambda one: -one.kills)
    several = len({one.rubric for one in found}) > 1

    def name(one: Killer) -> str:
        return f"{one.rubric}.{one.path}" if several else one.path

    if killing:
        yield ""
        rows = [("criterion", "kills", "by mutation")]
        rows += [
            (name(one), _of(Count(one.kills, one.chances)), _kills(one))
            for one in killing[:_MOST_CRITERIA]
        ]
        yield from _table(rows, style)
        yield from _others(len(killing) - _MOST_CRITERIA)
    idle = [name(one) for one in found if not one.kills and one.chances]
    yield from _listed("kill nothing, though they could", idle, style)
    never = [name(one) for one in found if not one.chances]
    yield from _listed("had nothing to lose in any original", never, style)


def _kills(one: Killer) -> str:
    return ", ".join(f"{name} {n}" for name, n in one.by_mutation.items() if n)


def _listed(what: str, names: Iterable[str], style: Style) -> Iterator[str]:
    listed = ", ".join(names)
    if listed:
        yield _GAP + style.clean(f"{what}: {listed}")
