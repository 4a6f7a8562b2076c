"""What a criterion says is in a response, if it says that.

"Does not mention X or Y" claims that something is missing; "Explains why X and
recommends Y" makes two claims that must both hold.  A statement of another kind is
`Beyond` this judge.
"""

import re
from enum import Enum

from attrs import frozen

from rubricdsl_presence import verbs
from rubricdsl_presence.limits import (
    QUALITY_ADVERB,
    Beyond,
    beyond,
    guess,
)
from rubricdsl_presence.words import is_content, split_words


@frozen
class Claim:
    """Something to be found in a response, or found missing if ``denied``.

    ``against`` tells that the response is said to deny it or advise against it.
    """

    text: str
    verb: str
    denied: bool = False
    against: bool = False


class Joined(Enum):
    """Whether all claims of a statement must hold, or any."""

    ALL = "all"
    ANY = "any"


@frozen
class Statement:
    """The claims that a criterion makes."""

    claims: tuple[Claim, ...]
    joined: Joined = Joined.ALL


def _one_of(forms: dict[str, str]) -> str:
    return "|".join(sorted(map(re.escape, forms), key=len, reverse=True))


_TEXT = (
    r"response|answer|reply|replies|message|output|text|explanation|assistant|model"
    r"|chatbot|bot|ai|agent|author|writer|poem|story|essay|email|e-mail|letter|article"
    r"|report|summary|recipe|plan|post|note|speech|description|review|translation|code"
    r"|script|document|itinerary|advert|advertisement|blog|paragraph|tutor|teacher"
    r"|completion|feedback|lesson plan|release notes?|product description|comment"
)
_SUBJECT = re.compile(
    rf"^(?:(?:the|this|its|an?|your|their|his|her) (?:[\w-]+['\u2019]s )?"
    rf"(?:(?:ideal|good|model|final|written|ai|generated|candidate|assistant['\u2019]s"
    rf"|model['\u2019]s) )?(?:{_TEXT})|response|answer|it|she|he|they) ",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"^(?:does|did|do) (?=(?:the|this|its|it|an?)\b)", re.IGNORECASE)
_MODAL = re.compile(
    r"^(?:should|must|shall|needs? to|has to|have to|ought to|will|can|could|may|might"
    r"|is (?:expected|required|supposed) to|does|do|did|at least) ",
    re.IGNORECASE,
)
_ADVERB = re.compile(
    r"^(?:also|explicitly|specifically|additionally|further|furthermore|either|at least"
    r"|expressly|then|even|ever|somewhere|implicitly|directly|next|finally|still"
    r"|otherwise|in addition,?|at some point|both|strongly|generally) ",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"^(?:(?:does|do|did|should|must|shall|will|can|could|may|is|are) ?(?:not|never)"
    r"|doesn['\u2019]t|don['\u2019]t|didn['\u2019]t|shouldn['\u2019]t|mustn['\u2019]t"
    r"|won['\u2019]t|can['\u2019]t|cannot"
    r"|not|never|at no point does it|nowhere) ",
    re.IGNORECASE,
)
_MERELY = re.compile(
    r"^(?:only|just|merely|simply|necessarily|solely|exclusively|yet) ", re.IGNORECASE
)
_REFRAINS = re.compile(
    r"^(?:avoid(?:s|ing)?|refrains? from|steers? clear of|abstains? from"
    r"|stops? short of)"
    rf" ({_one_of(verbs.GERUNDS)})\b ?",
    re.IGNORECASE,
)
_FAILS = re.compile(r"^(?:fails?|neglects?|forgets?|omits?) to ", re.IGNORECASE)
_LACKS = re.compile(
    r"^(?:lacks?|is missing|misses) (?:any |an? )?(?:mention|reference|discussion"
    r"|explanation|description) (?:of|to) ",
    re.IGNORECASE,
)
_NO_MENTION = re.compile(
    r"^(?:makes?|contains?|includes?|has|have|gives?|provides?|offers?) "
    r"(no|not any|any|an?|some) (?:explicit )?(?:mention|reference|allusion) (?:of"
    r"|to) ",
    re.IGNORECASE,
)
_THERE = re.compile(
    r"^there (?:is|are|should be|must be) (no|an?|some|any) (?:explicit )?"
    r"(?:mention|reference|discussion|explanation) (?:of|to) ",
    re.IGNORECASE,
)
_THIRD = re.compile(rf"^({_one_of(verbs.THIRDS)})(?= |$)", re.IGNORECASE)
_BASE = re.compile(rf"^({_one_of(verbs.BASES)})(?= |$)", re.IGNORECASE)
_IMPERATIVE_FOLLOWED_BY = re.compile(
    r"^(?:that|the|an?|any|at|how|why|what|whether|when|where|which|to|both|its?) ",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    r"^(?P<what>.+?) (?:is|are|should be|must be|has been|gets?) "
    r"(?P<not>not |never )?(?:also |explicitly |specifically )?"
    rf"(?P<verb>{_one_of(verbs.PARTICIPLES)})"
    rf"(?: (?:in|by|anywhere in) (?:the|this) (?:{_TEXT}))?$",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"^(?:nothing (?:about|on|of)|no (?!one\b|longer\b|more than\b"
    r"|matter\b))",
    re.IGNORECASE,
)
_PERSON = (
    r"(?:the|a|an|any|its|their|his|her|your) (?:[\w-]+ )?(?:user|patient|reader"
    r"|customer"
    r"|student|person|asker|learner|client|caller|parent|traveller|traveler|owner|cook"
    r"|employee|pupil|child|recipient|team|visitor|guest|tenant|audience|developer"
    r"|reviewer|buyer|driver|author|writer|class|teacher|clinician|doctor|manager"
    r"|listener|player|operator|candidate|applicant|passenger|gardener|runner)s?"
    r"|users|patients|readers|customers|students|people|parents|teachers|children"
    r"|pupils"
    r"|them|him|her|you|everyone|everybody|someone|anyone"
)
_ADDRESSEE = re.compile(
    rf"^(?:(?:to |for )?(?:{_PERSON})(?= (?:that|to|not to|never to|about|of|how|why"
    rf"|what"
    r"|whether|when|where|which|who|for|if|against|on|with|a|an|the|some|any|no"
    r"|all|every|enough)\b) ?"
    rf"|to (?:{_PERSON})$)",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"^(?:that|to|about|of|on|upon|for|if|whether|with|out|the fact that|the idea that"
    r"|the point that|the claim that|the possibility (?:that|of)|the need (?:to|for)"
    r"|the importance of) ",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r",? (?P<link>and|but|or|as well as) (?:(?:then|also) )?(?=(?:(?:does not"
    r"|doesn['\u2019]t"
    rf"|do not|never) (?:{_one_of(verbs.BASES)})|(?P<verb>{_one_of(verbs.THIRDS)})) )"
    rf"|,? (?P<without>without) (?=(?P<gerund>{_one_of(verbs.GERUNDS)}) )",
    re.IGNORECASE,
)
_OBJECT_FOLLOWS = re.compile(
    r"(?:that|the|an?|how|why|what|whether|to|which|when|where|no|at|both|any|its?|for"
    r"|against|about|some|another|one)\b",
    re.IGNORECASE,
)
_OTHER_PREDICATE = re.compile(
    r",? (?:and|but|while|yet) (?:is|are|does|uses|keeps|remains|has|avoids|stays|ends"
    r"|begins|starts|sounds|reads|maintains|follows|adheres|refuses|declines|makes"
    r"|ensures|answers|helps|compares|summari[sz]es|being|maintaining|keeping|using"
    r"|staying|remaining)\b"
    r"| without (?:being|sounding|becoming|seeming|appearing) (?:too |overly )?"
    r"\w+(?:y|al|ive|ing|ful|ous|ent|ic)$",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"^(?:if|when|unless|where|whenever|in case|for)\b|,? (?:if|unless|when"
    r"|only if) (?:the "
    r"(?:user|prompt|question)|asked|needed|appropriate|applicable|relevant|possible"
    r"|necessary|used|introduced|mentioned|discussed)\b",
    re.IGNORECASE,
)


_FEW_WORDS = 4


def read_statement(text: str) -> Statement | Beyond:
    """Say what ``text`` claims to be in a response, or why that cannot be told."""
    text = " ".join(text.split()).rstrip(".! ")
    if text.endswith("?"):
        question = _QUESTION.match(text)
        if question is None:
            return guess(text)
        text = text[question.end() :].rstrip("? ")
    if _CONDITION.search(text):
        return Beyond.FORM
    parts = _parts(text)
    claims: list[Claim] = []
    links = {link for link, _ in parts[1:]}
    if "or" in links and len(links) > 1:
        return Beyond.FORM
    for link, part in parts:
        claim = _claim(part, gerund_first=link == "without")
        if isinstance(claim, Beyond):
            return claim
        claims.append(claim)
    if len(claims) > 1 and any(claim.denied for claim in claims[:1]) and "or" in links:
        return Beyond.FORM
    return Statement(tuple(claims), Joined.ANY if "or" in links else Joined.ALL)


def _parts(text: str) -> list[tuple[str, str]]:
    """Split a statement before each further verb of presence, with its link."""
    parts = []
    start, link = 0, ""
    for found in _SPLIT.finditer(text):
        verb = found["verb"]
        after = text[found.end() :]
        if verb is not None and verbs.THIRDS[verb.lower()] in verbs.ALSO_NOUNS:
            following = after[len(verb) :].lstrip()
            if not _OBJECT_FOLLOWS.match(following):
                continue
        gerund = found["gerund"]
        if gerund is not None and verbs.GERUNDS[gerund.lower()] in verbs.CONTAINING:
            continue
        parts.append((link, text[start : found.start()]))
        start = found.end()
        link = "without" if found["without"] else found["link"].lower()
    parts.append((link, text[start:]))
    return parts


def _strip(pattern: re.Pattern[str], text: str) -> tuple[str, bool]:
    found = pattern.match(text)
    return (text[found.end() :], True) if found else (text, False)


@frozen
class _Predicate:
    """What is left of a statement from its verb on, and whether it is negated.

    ``bare`` tells that the verb may stand without -s, as after "should".
    """

    text: str
    denied: bool = False
    bare: bool = False


def _claim(text: str, *, gerund_first: bool) -> Claim | Beyond:
    if gerund_first:
        return _refraining("avoid " + text, text, denied=True)
    passive = _passive(text)
    if passive is not None:
        return passive
    there = _THERE.match(text)
    if there:
        rest = text[there.end() :]
        return _finish("mention", rest, denied=there[1].lower() == "no")
    predicate = _predicate(text)
    if isinstance(predicate, Beyond):
        return predicate
    return _of_predicate(predicate, text)


def _predicate(text: str) -> _Predicate | Beyond:
    """Strip the subject, and all that stands between it and the verb."""
    text, bare = _strip(_SUBJECT, text)
    denied = False
    while True:
        if QUALITY_ADVERB.match(text):
            return Beyond.QUALITY
        if _MERELY.match(text):
            return Beyond.EXCLUSIVE
        for pattern in (_NOT, _FAILS, _MODAL, _ADVERB):
            text, found = _strip(pattern, text)
            if found:
                denied = denied != (pattern in (_NOT, _FAILS))
                bare = bare or pattern is not _ADVERB
                break
        else:
            return _Predicate(text, denied, bare)


def _passive(text: str) -> Claim | Beyond | None:
    found = _PASSIVE.match(text)
    if found is None or _THIRD.match(text) or _SUBJECT.match(found["what"] + " "):
        return None
    if re.search(
        rf"\b(?:{_one_of(verbs.THIRDS)}) (?:that|the|how|why)\b", found["what"]
    ):
        return None
    what = re.sub(r"^(?:no|not any) ", "", found["what"], flags=re.IGNORECASE)
    denied = (found["not"] is not None) != (what != found["what"])
    verb = verbs.PARTICIPLES[found["verb"].lower()]
    if verb in verbs.LEAVING_OUT:
        denied = not denied
    return _finish(verb, what, denied=denied)


def _refraining(text: str, whole: str, *, denied: bool) -> Claim | Beyond:
    found = _REFRAINS.match(text)
    if found is None:
        return guess(whole)
    verb = verbs.GERUNDS[found[1].lower()]
    if verb in verbs.LEAVING_OUT:
        denied = not denied
    return _finish(verb, text[found.end() :], denied=denied)


def _of_predicate(predicate: _Predicate, whole: str) -> Claim | Beyond:
    text, denied = predicate.text, predicate.denied
    if _REFRAINS.match(text):
        return _refraining(text, whole, denied=not denied)
    mention = _NO_MENTION.match(text)
    if mention:
        none = mention[1].lower() in ("no", "not any")
        return _finish("mention", text[mention.end() :], denied=denied != none)
    lacking, found = _strip(_LACKS, text)
    if found:
        return _finish("mention", lacking, denied=not denied)
    third = _THIRD.match(text)
    bare = None if third else _BASE.match(text)
    if third:
        verb, rest = verbs.THIRDS[third[1].lower()], text[third.end() :].strip()
    elif bare:
        verb, rest = verbs.BASES[bare[1].lower()], text[bare.end() :].strip()
        if not predicate.bare and not _IMPERATIVE_FOLLOWED_BY.match(rest):
            return guess(whole)
    else:
        return guess(whole)
    return _finish(verb, rest, denied=denied != (verb in verbs.LEAVING_OUT))


def _finish(verb: str, rest: str, *, denied: bool) -> Claim | Beyond:
    """Check the object of a verb, and strip from it what is not to be looked for."""
    rest = rest.strip().strip(",:")
    nothing = _NOTHING.match(rest)
    if nothing:
        denied = not denied
        rest = rest[nothing.end() :].strip()
    if not re.match(r"that\b", rest, re.IGNORECASE) and _OTHER_PREDICATE.search(rest):
        return Beyond.FORM
    if verb in verbs.ADDRESSING:
        rest, _ = _strip(_ADDRESSEE, rest)
    limit = beyond(verb, rest)
    if limit is not None:
        return limit
    against = verb in verbs.DENYING
    turned = re.match(r"(?:against|not to|never to) ", rest, re.IGNORECASE)
    if turned:
        against = not against
        rest = rest[turned.end() :]
    rest, _ = _strip(_LINK, rest)
    if verb in verbs.ACTS:
        rest = f"{verb} {rest}".strip()
    words = split_words(rest)
    if len(words) < _FEW_WORDS and not any(map(is_content, words)):
        return Beyond.EMPTY
    return Claim(rest, verb, denied=denied, against=against)
