"""Each response: its score, and when opened its verdicts, their evidence, its text.

What is to be opened stands in the page where that is not too large.  Else it is packed,
and the script of the page makes it when it is wanted; scores and verdicts are there
without.
"""

from collections.abc import Mapping, Sequence

from attrs import frozen

from rubricdsl.formats.marks import cell, weight_text
from rubricdsl.formats.terminal import Style
from rubricdsl.model.response import Response
from rubricdsl.model.scorecard import CriterionResult, Scorecard, Status
from rubricdsl.report.document import PACK_SIZE, packs
from rubricdsl.report.frame import note, section
from rubricdsl.report.markup import Child, Element, h
from rubricdsl.report.quoting import QuotedText
from rubricdsl.report.sections.heat_map import told
from rubricdsl.report.svg import bar
from rubricdsl.report.wording import NONE, number, several, written_path

MOST_LISTED = 5_000
"""Of more responses than this the first are listed."""
_MOST_PLAIN = 1_000_000
_MOST_MARKS = 60
_ROW_SIZE = 250
_STYLE = Style()

Key = tuple[str, str]


@frozen(eq=False)
class ResponseList:
    """Scorecards in the order in which they are shown, and the texts that are known.

    The number of a response on the page is its place here.
    """

    cards: tuple[Scorecard, ...]
    texts: Mapping[Key, Response]


@frozen(eq=False)
class Listed:
    """The section, and what it leaves to the script."""

    section: Element
    packed: tuple[str, ...]


def responses(found: ResponseList) -> Listed:
    """List responses."""
    cards = found.cards[:MOST_LISTED]
    is_packed = _size(cards, found.texts) > _MOST_PLAIN
    bodies = (_body(card, found.texts.get(_key(card))) for card in cards)
    packed = tuple(packs(bodies)) if is_packed else ()
    entries = [
        _entry(place, card, None if is_packed else body)
        for place, (card, body) in enumerate(
            zip(cards, [None] * len(cards) if is_packed else list(bodies), strict=True)
        )
    ]
    return Listed(
        section(
            "responses",
            "Responses",
            _head(found, len(cards)),
            _filter(),
            h(
                "noscript",
                note("What is in a response opens with scripts only: it is packed."),
            )
            if is_packed
            else None,
            h("div", *entries, class_="responses", id="list"),
        ),
        packed,
    )


def _key(card: Scorecard) -> Key:
    return card.prompt_id, card.response_id


def _size(cards: Sequence[Scorecard], texts: Mapping[Key, Response]) -> int:
    """Estimate how large all bodies are together."""
    size = 0
    for card in cards:
        for result in card.criteria:
            verdict = result.verdict
            size += _ROW_SIZE + len(verdict.reason or "") + len(verdict.evidence or "")
        response = texts.get(_key(card))
        if response is not None:
            size += len(response.text) + len(response.prompt or "")
    return size


def _head(found: ResponseList, listed: int) -> Element:
    total = len(found.cards)
    shown = "" if listed == total else f", of which the first {listed:,} are listed"
    marks = (
        " The marks are the verdicts, in the order of the rubric."
        if any(map(_marks, found.cards[:1]))
        else ""
    )
    return note(f"{several(total, 'response')}{shown}, best first.{marks}")


def _filter() -> Element:
    """Give the row that the script makes use of; it is not shown without."""
    statuses = [h("option", str(status), value=str(status)) for status in Status]
    orders = (
        ("best", "best first"),
        ("worst", "worst first"),
        ("prompt", "by prompt"),
        ("missing", "most unmeasured first"),
    )
    return h(
        "div",
        h(
            "label",
            "Filter ",
            h("input", type="search", id="filter", placeholder="prompt or response"),
        ),
        h(
            "label",
            "Status ",
            h("select", h("option", "all", value=""), *statuses, id="status"),
        ),
        h(
            "label",
            "Order ",
            h("select", *(h("option", w, value=v) for v, w in orders), id="order"),
        ),
        h("span", id="shown", role="status", class_="of"),
        h(
            "span",
            "Keys: ",
            h("kbd", "/"),
            " filter, ",
            h("kbd", "j"),
            " ",
            h("kbd", "k"),
            " next and previous, ",
            h("kbd", "Enter"),
            " open",
            class_="keys",
        ),
        class_="tools",
        hidden=True,
        id="tools",
    )


def _entry(place: int, card: Scorecard, body: Element | None) -> Element:
    missing = sum(
        result.verdict.asked and result.verdict.ruling is None
        for result in card.criteria
    )
    marks = _marks(card)
    summary = h(
        "summary",
        h("span", number(card.score), class_="score"),
        _score_bar(card),
        h(
            "span",
            h("span", card.response_id, class_="id"),
            h("span", card.prompt_id, class_="prompt"),
            class_="ids",
        ),
        _status(card, missing),
        h("span", marks, class_="marks", aria_hidden="true") if marks else None,
    )
    return h(
        "details",
        summary,
        body,
        id=f"r{place}",
        class_="response",
        data_status=str(card.status),
        data_missing=missing,
        data_pack=place // PACK_SIZE if body is None else None,
        data_place=place % PACK_SIZE if body is None else None,
    )


def _score_bar(card: Scorecard) -> Element:
    """Draw the score, or hatched the stretch in which it lies."""
    low, high = card.interval or (0.0, 1.0)
    return h(
        "svg",
        bar(0, 0, 100, 8, "track"),
        bar(0, 0, 100 * card.score, 8, "bar")
        if card.score is not None
        else bar(100 * low, 0, 100 * (high - low), 8, "unmeasured", hatched=True),
        class_="rate",
        viewBox="0 0 100 8",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def _status(card: Scorecard, missing: int) -> Element:
    words = str(card.status)
    if card.status is Status.COMPLETE:
        words = {True: "passed", False: "not passed", None: ""}[card.passed]
    elif card.interval is not None and card.status is Status.INCOMPLETE:
        low, high = card.interval
        words = f"incomplete, {number(low, 2)} to {number(high, 2)}"
    if missing:
        words = f"{words}, {missing} unmeasured".removeprefix(", ")
    return h("span", words, class_=f"status {card.status}")


def _marks(card: Scorecard) -> str:
    if len(card.criteria) > _MOST_MARKS:
        return ""
    marks = [cell(result, _STYLE)[0] for result in card.criteria]
    return ("" if all(len(mark) == 1 for mark in marks) else " ").join(marks)


# ---------------------------------------------------------------- what is opened


def _body(card: Scorecard, response: Response | None) -> Element:
    quoted = None if response is None else QuotedText(response.text)
    places: list[tuple[int, tuple[int, int]]] = []
    rows: list[Element] = []
    for place, result in enumerate(card.criteria):
        quote = result.verdict.evidence
        found = quoted.find(quote) if quoted is not None and quote else None
        if found is not None:
            places.append((place, found))
        rows.append(_row(result, _finding(quote, found is not None, response)))
    titles = ("Criterion", "Weight", "Verdict", "Evidence and reason")
    head = h("tr", *(h("th", title, scope="col") for title in titles))
    verdicts = h(
        "table",
        h("caption", f"Verdicts on {card.response_id} to {card.prompt_id}"),
        h("thead", head),
        h("tbody", *rows),
        class_="verdicts quiet",
    )
    scrolling = h(
        "div", verdicts, class_="scroll", role="region", aria_label="Verdicts"
    )
    return h(
        "div",
        _gates(card),
        scrolling,
        *_texts(card, response, quoted, places),
        class_="body",
    )


def _finding(quote: str | None, is_found: bool, response: Response | None) -> str:  # noqa: FBT001
    """Say whether a quote was found: a word, or nothing if that is not known."""
    if not quote or response is None:
        return ""
    if is_found:
        return "found"
    for name, text in response.artifacts.items():
        if QuotedText(text).find(quote) is not None:
            return f"found in {name}"
    return "not in the response"


def _row(result: CriterionResult, finding: str) -> Element:
    verdict = result.verdict
    mark, tone = cell(result, _STYLE)
    merit = "" if tone is None else tone.name.lower()
    sign = h("span", mark, class_=f"sign {merit}".rstrip(), aria_hidden="true")
    return h(
        "tr",
        h("th", written_path(result.path), scope="row"),
        h("td", weight_text(result).replace("-", "\u2212"), class_="n"),
        h("td", sign, " ", told(result), class_="verdict"),
        h("td", *_grounds(result, finding))
        if verdict.evidence or verdict.reason or verdict.failure
        else h("td", NONE),
    )


def _grounds(result: CriterionResult, finding: str) -> list[Child]:
    verdict = result.verdict
    found: list[Child] = []
    if verdict.evidence:
        missing = finding == "not in the response"
        word = h("span", finding, class_="lost" if missing else "found")
        quote = h("q", verdict.evidence, class_="lost" if missing else None)
        found.append(h("p", quote, " ", word if finding else None))
    if verdict.reason:
        found.append(h("p", verdict.reason, class_="reason"))
    if verdict.failure is not None:
        found.append(h("p", verdict.failure.reason, class_="reason"))
    return found


def _gates(card: Scorecard) -> Element | None:
    if not card.gates:
        return None
    told_gates = [
        f"{gate.path} ({gate.mark}, at most {gate.cap:g})" for gate in card.gates
    ]
    return h("p", "Gates that fired: ", ", ".join(told_gates), class_="gates")


def _texts(
    card: Scorecard,
    response: Response | None,
    quoted: QuotedText | None,
    places: Sequence[tuple[int, tuple[int, int]]],
) -> list[Child]:
    if response is None or quoted is None:
        return []
    found: list[Child] = []
    if response.prompt:
        found.append(
            h(
                "details",
                h("summary", "Prompt"),
                h("div", response.prompt, class_="text", dir="auto"),
                class_="more",
            )
        )
    passages = quoted.passages(places)
    marked: list[Child] = []
    for passage in passages:
        names = ", ".join(card.criteria[place].path for place in passage.quotes)
        marked.append(h("mark", passage.text, title=names) if names else passage.text)
    by = f" by {response.source}" if response.source else ""
    found.append(h("p", f"Response{by}", class_="label"))
    found.append(h("div", *marked, class_="text", dir="auto"))
    return found
