"""Words as the judge compares them: stems, numbers, and words that deny.

Stemming follows Porter 1980, "An algorithm for suffix stripping".  Numbers are
brought to one form: ``1,000``, ``1 thousand`` and ``1000`` are the same, and so
are ``two`` and ``2``.
"""

import re
from decimal import Decimal
from functools import lru_cache

from attrs import frozen

_TOKEN = re.compile(
    r"\d{1,3}(?:[,\u2009\u202f\u00a0]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
    r"|[^\W\d_]+(?:['\u2019][^\W\d_]+)*"
)
_GROUPING = re.compile(r"[,\u2009\u202f\u00a0]")
# Longer runs of digits are keys or hashes, and Decimal would round them.
_LONGEST_NUMBER = 28
_SCALES = {
    "thousand": 3,
    "million": 6,
    "billion": 9,
    "trillion": 12,
}
_ONES = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen twenty
"""
_TENS = """
thirty forty fifty sixty seventy eighty ninety hundred
"""
_CARDINALS = {word: str(number) for number, word in enumerate(_ONES.split())} | {
    word: str(number * 10) for number, word in enumerate(_TENS.split(), start=3)
}

_STOP_WORDS = """
a about above after again all also am an and any are as at be because been before
being below between both but by can could did do does doing down during each either
for from further had has have having he her here hers herself him himself his how i if
in into is it its itself just me more most my myself of off on once only or other our
ours out over own same she should so some such than that the their theirs them
themselves then there these they this those through to too under until up us very was
we were what when where which while who whom whose why will with would you your yours
yourself may might must shall upon whether within without per via etc s t one
something someone anything user response answer
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())

_NEGATIONS = """
no not never none nothing nobody neither nor cannot without against avoid avoids
avoided avoiding unable lack lacks lacking hardly rarely barely seldom stop don't
doesn't didn't isn't aren't wasn't weren't won't wouldn't can't couldn't shouldn't
mustn't needn't haven't hasn't hadn't ain't refuse refuses refused fail fails failed
forbid forbids forbidden prohibit prohibits prohibited deny denies denied instead
"""
NEGATIONS = frozenset(_NEGATIONS.split())

_OPPOSITES = """
more less | more fewer | most least | increase decrease | increase reduce
increase lower | raise lower | raise reduce | rise fall | higher lower | high low
large small | larger smaller | big small | bigger smaller | greater less
long short | longer shorter | early late | earlier later | before after
first last | always never | often rarely | often seldom | usually rarely
hot cold | warm cool | warm cold | safe unsafe | safe dangerous | allow forbid
allow prohibit | allowed forbidden | open close | open shut | start stop
start end | begin end | begin finish | buy sell | borrow lend | import export
win lose | gain lose | profit loss | expensive cheap | dear cheap
expensive inexpensive | cheaper dearer | fast slow | faster slower | quick slow
easy hard | easy difficult | simple complex | simple complicated | strong weak
stronger weaker | heavy light | wet dry | old new | older newer | oldest newest
include exclude | accept reject | accept refuse | agree disagree | approve reject
legal illegal | possible impossible | necessary unnecessary | required optional
mandatory optional | compulsory voluntary | public private | visible hidden
enable disable | add remove | install uninstall | up down | upper lower | top bottom
left right | north south | east west | eastern western | northern southern
inside outside | internal external | near far | front back | full empty
good bad | better worse | best worst | success failure | succeed fail | true false
correct wrong | correct incorrect | right wrong | positive negative | benefit harm
healthy unhealthy | free paid | gift loan | fixed variable | constant variable
common rare | same different | similar different | temporary permanent | direct
indirect | direct indirect | active passive | major minor | maximum minimum
many few | above below | over under | morning evening | day night | summer winter
spring autumn | husband wife | male female | man woman | boy girl | mother father
asset liability | income expense | debit credit | revenue cost | winner loser
teacher student | employer employee | landlord tenant | seller buyer | attack defend
ascend descend | expand contract | expand shrink | grow shrink | thick thin
wide narrow | deep shallow | loud quiet | bright dark | clean dirty | tight loose
rich poor | young old | alive dead | present absent | ancient modern | arrive depart
remember forget | encrypt decrypt | upload download | read write | sequential random
chronic acute | benign malignant | bacteria virus | vein artery | hyper hypo
solid liquid | fresh frozen | raw cooked | sweet sour | sweet bitter | odd even
all none | everyone nobody | with without | delay advance | postpone advance
solved unsolved | known unknown | guilty innocent | plaintiff defendant
synchronous asynchronous | mutable immutable | deductible taxable | push pull
"""

# Of each kind, a thing is one: a day that is Monday is not Tuesday.
_KINDS = """
monday tuesday wednesday thursday friday saturday sunday
january february march april june july august september october november december
morning afternoon evening night noon midnight
spring summer autumn winter
millisecond second minute hour day week month quarter year decade century
daily weekly monthly yearly
hourly daily weekly monthly annually
red blue green yellow black white brown orange purple pink grey
mother father brother sister uncle aunt grandmother grandfather
north south east west northern southern eastern western
breakfast lunch dinner
always often usually sometimes rarely seldom never
all most some few none
gold silver bronze copper iron
bacteria virus fungus parasite
first second third fourth fifth last
milligram gram kilogram
mg g kg
mm cm m km
mile kilometre metre centimetre
euro dollar pound yen franc
thousand million billion trillion
english french german spanish italian american british chinese russian japanese
portuguese dutch indian canadian australian
europe asia africa america australia
vitamin mineral protein fat carbohydrate fibre
oxygen hydrogen nitrogen carbon
plastic steel glass wood paper
adult child infant
"""


@frozen
class Word:
    """A word of a text: as written, its stem, and whether it is a number.

    The stem of a number is its plain decimal form.
    """

    text: str
    stem: str
    number: bool = False


def _shape(stem: str) -> str:
    """Give the run of consonants and vowels, such as ``cvcv``."""
    shape = ""
    for n, char in enumerate(stem):
        if char in "aeiou" or (char == "y" and n and shape[-1] == "c"):
            shape += "v"
        else:
            shape += "c"
    return shape


def _measure(stem: str) -> int:
    """Give Porter's m: how often a vowel is followed by a consonant."""
    return _shape(stem).count("vc")


def _short(stem: str) -> bool:
    return _shape(stem)[-3:] == "cvc" and stem[-1] not in "wxy"


_STEP_2 = {
    "ational": "ate",
    "tional": "tion",
    "enci": "ence",
    "anci": "ance",
    "izer": "ize",
    "isation": "ize",
    "ization": "ize",
    "abli": "able",
    "alli": "al",
    "entli": "ent",
    "eli": "e",
    "ousli": "ous",
    "ation": "ate",
    "ator": "ate",
    "alism": "al",
    "iveness": "ive",
    "fulness": "ful",
    "ousness": "ous",
    "aliti": "al",
    "iviti": "ive",
    "biliti": "ble",
}
_STEP_3 = {
    "icate": "ic",
    "ative": "",
    "alize": "al",
    "iciti": "ic",
    "ical": "ic",
    "ful": "",
    "ness": "",
}
_ENDINGS = """
al ance ence er ic able ible ant ement ment ent sion tion ou ism ate iti ous ive ize
ise
"""
_STEP_4 = sorted(_ENDINGS.split(), key=len, reverse=True)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Strip the endings of a lower-case English word."""
    if len(word) <= 2 or not word.isascii():  # noqa: PLR2004 - Porter's own limit
        return word
    word = _plural_and_past(word.removesuffix("'s").replace("'", ""))
    if word.endswith("y") and "v" in _shape(word[:-1]):
        word = word[:-1] + "i"
    return _final_letter(_last_ending(_replaced(_replaced(word, _STEP_2), _STEP_3)))


def _replaced(word: str, table: dict[str, str]) -> str:
    for ending, put in table.items():
        if word.endswith(ending):
            base = word.removesuffix(ending)
            return base + put if _measure(base) > 0 else word
    return word


def _last_ending(word: str) -> str:
    for ending in _STEP_4:
        if word.endswith(ending):
            kept = ending[0] if ending in ("sion", "tion") else ""
            base = word.removesuffix(ending) + kept
            return base if _measure(base) > 1 else word
    return word


def _final_letter(word: str) -> str:
    if word.endswith("e"):
        base = word[:-1]
        if _measure(base) > 1 or (_measure(base) == 1 and not _short(base)):
            word = base
    if word.endswith("ll") and _measure(word) > 1:
        word = word[:-1]
    return word


def _plural_and_past(word: str) -> str:
    if word.endswith(("sses", "ies")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for ending in ("ed", "ing"):
        base = word.removesuffix(ending)
        if base != word and "v" in _shape(base):
            if base.endswith(("at", "bl", "iz")):
                return base + "e"
            if base[-2:] == base[-1] * 2 and base[-1] not in "lsz":
                return base[:-1]
            if _measure(base) == 1 and _short(base):
                return base + "e"
            return base
    return word


def _plain_number(digits: str) -> str:
    digits = _GROUPING.sub("", digits)
    if len(digits) > _LONGEST_NUMBER:
        return digits
    return f"{Decimal(digits).normalize():f}"


def _lower(text: str) -> str:
    """Give lower case with plain apostrophes."""
    return text.lower().replace("\u2019", "'")


def split_words(text: str) -> list[Word]:
    """Give the words of a text in order; ``not`` joined to a verb stays joined."""
    words: list[Word] = []
    for found in _TOKEN.finditer(text):
        token = found[0]
        lower = _lower(token)
        if token[0].isdecimal():
            number = _plain_number(token)
            words.append(Word(token, number, number=True))
        elif lower in _SCALES and words and words[-1].number:
            value = Decimal(words[-1].stem).scaleb(_SCALES[lower])
            number = f"{value.normalize():f}"
            words[-1] = Word(f"{words[-1].text} {token}", number, number=True)
        elif lower in _CARDINALS:
            words.append(Word(token, _CARDINALS[lower], number=True))
        else:
            words.append(Word(token, stem(lower)))
    return words


def is_content(word: Word) -> bool:
    """Tell whether a word carries meaning of its own."""
    lower = _lower(word.text)
    return word.number or (lower not in STOP_WORDS and lower not in NEGATIONS)


def is_negation(word: Word) -> bool:
    """Tell whether a word denies what stands beside it."""
    return _lower(word.text) in NEGATIONS


def _contrasts() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for group in re.split(r"[|\n]", _OPPOSITES + _KINDS):
        stems = {stem(word) for word in group.split()}
        for word in stems:
            table.setdefault(word, set()).update(stems - {word})
    return {word: frozenset(others) for word, others in table.items()}


# Words that cannot both be said of one thing, by stem.
CONTRASTS = _contrasts()
