"""How alike two texts are, by measures of the field, each from 0 to 1.

* ``rouge_l``: F1 of the longest common subsequence of words (C.-Y. Lin, "ROUGE",
  2004), over words of UAX 29 without case.
* ``chrf``: chrF, F2 over character n-grams of 1 to 6 without blanks (M. Popović,
  "chrF", 2015), the second text being the reference.
* ``ratio``: twice the longest common subsequence of characters over the sum of
  lengths, which is 1 minus the normalised indel distance.
"""

from collections import Counter
from collections.abc import Hashable, Sequence

from rubricdsl.checks import segmentation
from rubricdsl.checks.signatures import NUMBER, choice, function, text
from rubricdsl.diagnostics import CheckError
from rubricdsl.model.protocols import CheckFunction

MAX_COMMON = 250_000
"""Words or characters that a longest common subsequence is looked for in."""
_ORDERS = range(1, 7)
_BETA_SQUARED = 4.0


def similarity(t: str, u: str, metric: str) -> float:
    """Measure how alike ``t`` and ``u`` are.

    Raises:
        CheckError: a text is beyond `MAX_COMMON` for a measure that has no faster way.
    """
    match metric:
        case "chrf":
            return chrf(t, u)
        case "ratio":
            return _overlap(t, u, "characters")
        case _:
            words = [list(segmentation.words(side.casefold())) for side in (t, u)]
            return _overlap(words[0], words[1], "words")


def _overlap(left: Sequence[Hashable], right: Sequence[Hashable], unit: str) -> float:
    if not left and not right:
        return 1.0
    start, end = _common_ends(left, right)
    inner = left[start : len(left) - end], right[start : len(right) - end]
    if min(map(len, inner)) and max(map(len, inner)) > MAX_COMMON:
        raise CheckError(
            f"the texts have more than {MAX_COMMON} {unit}; "
            'compare them with metric = "chrf"'
        )
    common = start + end + common_length(*inner)
    return 2 * common / (len(left) + len(right))


def _common_ends(
    left: Sequence[Hashable], right: Sequence[Hashable]
) -> tuple[int, int]:
    shorter = min(len(left), len(right))
    start = 0
    while start < shorter and left[start] == right[start]:
        start += 1
    end = 0
    while end < shorter - start and left[-1 - end] == right[-1 - end]:
        end += 1
    return start, end


def common_length(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """Give the length of the longest common subsequence.

    Bit-parallel (H. Hyyrö, "Bit-parallel LCS-length computation revisited", 2004):
    one row of the table is one long integer.
    """
    if len(left) > len(right):
        left, right = right, left
    if not left:
        return 0
    places: dict[Hashable, list[int]] = {}
    for index, item in enumerate(left):
        places.setdefault(item, []).append(index)
    wanted = {item: _bits(places[item]) for item in set(right) & places.keys()}
    full = (1 << len(left)) - 1
    row = full
    for item in right:
        found = row & wanted.get(item, 0)
        if found:
            row = ((row + found) | (row - found)) & full
    return len(left) - row.bit_count()


def _bits(places: Sequence[int]) -> int:
    octets = bytearray(places[-1] // 8 + 1)
    for place in places:
        octets[place // 8] |= 1 << place % 8
    return int.from_bytes(octets, "little")


def chrf(candidate: str, reference: str) -> float:
    """Give chrF; orders for which either text is too short are left out."""
    sides = ["".join(side.split()) for side in (candidate, reference)]
    if sides[0] == sides[1]:
        return 1.0
    precisions: list[float] = []
    recalls: list[float] = []
    for order in _ORDERS:
        if min(map(len, sides)) < order:
            break
        grams = [_grams(side, order) for side in sides]
        shared = sum(
            min(number, grams[1][gram])
            for gram, number in grams[0].items()
            if gram in grams[1]
        )
        precisions.append(shared / (len(sides[0]) - order + 1))
        recalls.append(shared / (len(sides[1]) - order + 1))
    if not any(precisions):
        return 0.0
    precision = sum(precisions) / len(precisions)
    recall = sum(recalls) / len(recalls)
    weighted = _BETA_SQUARED * precision + recall
    return (1 + _BETA_SQUARED) * precision * recall / weighted


def _grams(side: str, order: int) -> Counter[str]:
    return Counter(side[at : at + order] for at in range(len(side) - order + 1))


FUNCTIONS: tuple[CheckFunction, ...] = (
    function(
        "similarity",
        (text("t"), text("u"), choice("metric", "rouge_l", "chrf", "ratio")),
        NUMBER,
        similarity,
        "How alike t and u are, from 0 to 1: ROUGE-L over words, chrF over characters "
        "with u as the reference, or the share of common characters in order.",
    ),
)
