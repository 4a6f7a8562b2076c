"""Results in a notebook: a small table, in which every text is a text.

A notebook's page is not ours: styles hold for the table alone, by its class, and
colours are those of the page around it.
"""

from collections.abc import Iterator, Sequence

from rubricdsl.formats.marks import cell
from rubricdsl.formats.tables import ranked
from rubricdsl.formats.terminal import Style
from rubricdsl.language.edit.wording import edit_words
from rubricdsl.model.refinement import RefinedRubric
from rubricdsl.model.scorecard import Scorecard, Status
from rubricdsl.report.markup import Child, Element, h
from rubricdsl.report.wording import NONE, number, of, several

MOST_ROWS = 30
_MOST_CRITERIA = 25
_CLASS = "rubricdsl-results"
_STYLE = Style()
# Nothing that is given from outside is in it.
_RULES = (
    "caption { text-align: left; caption-side: top }",
    "td { text-align: left; padding: .15em .6em }",
    "th { text-align: left; padding: .15em .6em }",
    "td.n { text-align: right; font-variant-numeric: tabular-nums }",
    "td.m { text-align: center }",
)


def scorecards_table(cards: Sequence[Scorecard]) -> str:
    """Give scorecards as a table of HTML, the best first; of many, the first rows."""
    shown = ranked(cards)[:MOST_ROWS]
    paths = list(dict.fromkeys(one.path for card in shown for one in card.criteria))
    paths = paths[:_MOST_CRITERIA]
    scored = sum(card.score is not None for card in cards)
    caption: list[Child] = [several(len(cards), "response"), ", scored "]
    caption.append(of(scored, len(cards)))
    if len(shown) < len(cards):
        caption.append(f"; the best {len(shown)} are shown")
    heads = ["Prompt", "Response", "Score", "Status", *paths]
    table = h(
        "table",
        h("caption", *caption),
        h("thead", h("tr", *(h("th", head, scope="col") for head in heads))),
        h("tbody", *(_row(card, paths) for card in shown)),
        class_=_CLASS,
    )
    return _styled(table)


def refinements_table(refined: Sequence[RefinedRubric]) -> str:
    """Give refined rubrics as a table of HTML: a row for each edit, kept or refused."""
    heads = ["Rubric", "Round", "", "Edit", "Why"]
    told = [row for one in refined for row in _edits(one)]
    kept = sum(len(one.edits) for one in refined)
    caption = f"{several(len(refined), 'rubric')}, {several(kept, 'edit')} entered"
    if len(told) > MOST_ROWS:
        caption += f"; the first {MOST_ROWS} of {len(told):,} are shown"
    table = h(
        "table",
        h("caption", caption),
        h("thead", h("tr", *(h("th", head, scope="col") for head in heads))),
        h("tbody", *told[:MOST_ROWS]),
        class_=_CLASS,
    )
    return _styled(table)


def _edits(one: RefinedRubric) -> Iterator[Element]:
    for record in one.rounds:
        for decision in record.decisions:
            yield h(
                "tr",
                h("th", one.name, scope="row"),
                h("td", str(record.number), class_="n"),
                h("td", "entered" if decision.accepted else "refused"),
                h("td", edit_words(decision.edit)),
                h("td", decision.why),
            )


def _styled(table: Element) -> str:
    rules = " ".join(f".{_CLASS} {rule}" for rule in _RULES)
    return f"<style>{rules}</style>{table.html()}"


def _row(card: Scorecard, paths: Sequence[str]) -> Element:
    results = {one.path: one for one in card.criteria}
    status = "" if card.status is Status.COMPLETE else str(card.status)
    return h(
        "tr",
        h("td", card.prompt_id),
        h("th", card.response_id, scope="row"),
        h("td", number(card.score), class_="n"),
        h("td", status or NONE),
        *(h("td", cell(results.get(path), _STYLE)[0], class_="m") for path in paths),
    )
