"""Ways to make a good response worse, each by one small change.

Which sentence or figure is changed is drawn by the seed; sentences that judges quoted
come first.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from rubricdsl.audit import stock
from rubricdsl.audit.figures import figures, replaced
from rubricdsl.audit.negation import negated
from rubricdsl.audit.probes import drawing, keywords
from rubricdsl.audit.sentences import Sentences
from rubricdsl.model.audit import MutationOffer, MutationRequest

_FEWEST = 2
# In how many orders of its sentences a text is looked for that differs from it.
_TRIES = 20


def _drop_fact(request: MutationRequest) -> Sequence[str]:
    sentences = Sentences.of(request.response.text)
    if len(sentences.cores) < _FEWEST:
        return ()
    places = _drawn("drop", request, sentences)
    return [sentences.without(place) for place in places[: request.most]]


def _negate_fact(request: MutationRequest) -> Sequence[str]:
    sentences = Sentences.of(request.response.text)
    found: list[str] = []
    for place in _drawn("negate", request, sentences):
        opposite = negated(sentences.cores[place])
        if opposite is not None and len(found) < request.most:
            cores = list(sentences.cores)
            cores[place] = opposite
            found.append(sentences.with_cores(cores))
    return found


def _swap_numbers(request: MutationRequest) -> Sequence[str]:
    text = request.response.text
    found = list(figures(text))
    pairs = [
        (one, two)
        for one, two in combinations(range(len(found)), 2)
        if found[one].value != found[two].value
    ]
    drawing("swap", request.seed, text).shuffle(pairs)
    swapped: list[str] = []
    for one, two in pairs[: request.most]:
        texts = [figure.text for figure in found]
        texts[one], texts[two] = texts[two], texts[one]
        swapped.append(replaced(text, found, texts))
    return swapped


def _pad(request: MutationRequest) -> Sequence[str]:
    text = request.response.text
    return list(_padded(request, text)) if text.strip() else ()


def _padded(request: MutationRequest, text: str) -> Iterator[str]:
    draw = drawing("pad", request.seed, text)
    for _ in range(request.most):
        filler = draw.sample(stock.FILLER, len(stock.FILLER))
        before, behind = filler[: len(filler) // 2], filler[len(filler) // 2 :]
        yield f"{' '.join(before)}\n\n{text}\n\n{' '.join(behind)}"


def _reorder(request: MutationRequest) -> Sequence[str]:
    sentences = Sentences.of(request.response.text)
    draw = drawing("reorder", request.seed, request.response.text)
    found: dict[str, None] = {}
    for _ in range(_TRIES):
        cores = list(sentences.cores)
        draw.shuffle(cores)
        if cores != list(sentences.cores):
            found[sentences.with_cores(cores)] = None
        if len(found) == request.most:
            break
    return list(found)


def _stuff_keywords(request: MutationRequest) -> Sequence[str]:
    words = keywords(request.rubric)
    text = request.response.text
    return (f"{text}\n\nKeywords: {words}.",) if words and text.strip() else ()


def _drawn(what: str, request: MutationRequest, sentences: Sentences) -> list[int]:
    """Give the places of sentences, those that were quoted first, else as drawn."""
    places = list(range(len(sentences.cores)))
    drawing(what, request.seed, request.response.text).shuffle(places)
    return sorted(places, key=lambda n: not _is_quoted(sentences.cores[n], request))


def _is_quoted(sentence: str, request: MutationRequest) -> bool:
    return any(sentence in quote or quote in sentence for quote in request.quotes)


MUTATIONS: tuple[MutationOffer, ...] = (
    MutationOffer(
        name="drop_fact",
        description="a sentence is left out",
        make=_drop_fact,
    ),
    MutationOffer(
        name="negate_fact",
        description="a sentence says the opposite (English)",
        make=_negate_fact,
    ),
    MutationOffer(
        name="swap_numbers",
        description="two numbers change places",
        make=_swap_numbers,
    ),
    MutationOffer(
        name="pad",
        description="filler stands before and behind",
        make=_pad,
    ),
    MutationOffer(
        name="reorder",
        description="the sentences stand in another order",
        make=_reorder,
    ),
    MutationOffer(
        name="stuff_keywords",
        description="the long words of the criteria follow as a list",
        make=_stuff_keywords,
    ),
)
"""All mutations that come with rubricdsl."""
