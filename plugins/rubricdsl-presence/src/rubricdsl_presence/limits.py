"""What the presence of words cannot settle, and how to recognise it.

A judge that looks for content knows nothing of quality, form, order, number or
truth.  It is better to leave such a criterion to another judge than to answer it
by the words that it happens to share with the response.
"""

import re
from collections.abc import Iterable
from enum import Enum

from rubricdsl_presence.verbs import ADVISING, CONTAINING


class Beyond(Enum):
    """What a statement asks for that presence cannot settle."""

    FORM = "is not of the form “states, mentions, explains … X”"
    QUALITY = "asks how good, correct, clear or relevant something is"
    TONE = "asks for a tone or attitude"
    FORMAT = "asks for a format, a length or a kind of text"
    COUNT = "asks how many there are"
    COMPLETE = "asks whether all of something is there"
    POSITION = "asks where in the response something stands"
    TASK = "asks whether the task or question was met"
    SOURCE = "asks for agreement with another text, or for truth"
    EXCLUSIVE = "asks that nothing else is said"
    EMPTY = "names nothing that could be looked for"


def _words(text: str) -> str:
    return "|".join(re.escape(word) for word in text.split())


# Of what is said in any form …
_QUALITY = re.compile(
    r"\b(?:"
    + _words(
        """
    accurate accurately appropriate appropriately correct correctly incorrect
    incorrectly clear clearly unclear coherent coherently concise concisely
    thorough thoroughly comprehensive comprehensively adequate adequately inadequate
    sufficient sufficiently insufficient relevant irrelevant helpful unhelpful
    meaningful meaningless reasonable reasonably valid invalid logical logically
    illogical plausible convincing convincingly compelling persuasive detailed in-depth
    nuanced insightful easy-to-understand easy-to-follow understandable readable
    well-organised well-organized well-structured well-written well-reasoned
    redundant repetitive misleading factual factually specific-enough up-to-date
    excessively needlessly seamlessly inaccurate inaccurately erroneous unambiguous
    high-quality actionable unnecessary evidence-based enough
    too direct
    """
    )
    + r")(?![\w-])"
)
# … and of explanations, examples and the like; elsewhere these words are content.
_QUALITY_OF_A_PART = re.compile(
    r"\b(?:"
    + _words(
        """
    brief briefly complete completely incomplete useful useless sensible sound effective
    effectively good well better best excellent poor poorly great strong weak quality
    deep superficial shallow balanced unbiased biased fair engaging interesting vivid
    original creative practical realistic structured properly proper successfully
    precise precisely vague suitable suitably outdated overly naturally smoothly
    ambiguous professional professionally concrete
    """
    )
    + r")(?![\w-])"
)
_PART_VERBS = """
explain describe define offer discuss outline detail summarise cover
"""
_PARTS = frozenset(_PART_VERBS.split())
_OF_THINGS = frozenset({"acknowledge", "address", "offer", "list", "cite"})
_HARM = re.compile(
    r"\b(?:false|wrong|harmful|offensive|inappropriate|unsafe|dangerous|unethical"
    r"|toxic|hateful|sexist|racist|stereotyp\w*|discriminat\w*|misinformation"
    r"|disinformation|inaccuracies|errors?|mistakes?|bias(?:es)?)\b"
)
_TONE = re.compile(
    r"\b(?:empath\w*|sympath\w*|compassion\w*|kind(?:ness|ly)|warm(?:th|ly)"
    r"|respectful\w*|disrespectful|respect for|polite(?:ly|ness)?|rude(?:ly|ness)?"
    r"|friendl\w*|courte\w+|humility|humou?r(?:ous)?|enthusias\w*|professionalism"
    r"|sensitiv\w*|patience|caring|tone|attitude|supportive\w*|non-?judg\w*"
    r"|judg(?:e)?mental\w*|condescend\w*|patroni[sz]ing|sarcas\w*|hostil\w*"
    r"|formal(?:ly)?"
    r"|informal(?:ly)?|casual(?:ly)?|conversational\w*|preachy|feelings|emotions?"
    r"|frustration|gently|calm(?:ly)?|neutral(?:ly)?|objectiv(?:e|ely|ity)|voice"
    r"|persona|opinions?|confidence|understanding of (?:the user|their|his"
    r"|her)\b.*)(?![\w-])"
)
_FORMAT = re.compile(
    r"\b(?:bullets?|bullet(?:ed|-point)?|numbered|table|tables|tabular|headings?"
    r"|headers?"
    r"|sub-?headings?|emojis?|emoticons?|markdown|code (?:block|snippet|sample)s?|bold"
    r"|italics?|paragraphs?|sentences?|stanzas?|rhymes?|verses?|(?<=\ba )title$"
    r"|subject line"
    r"|salutation|sign-off|signature|introduction|conclusion|summary|hyperlinks?|links?"
    r"|urls?|JSON|XML|HTML|YAML|URLs?|LaTeX|Markdown|citations?|footnotes?|bibliography"
    r"|exclamation(?: marks?| points?)?|punctuation|typos?|spelling|grammar|grammatical"
    r"|jargon|slang|filler|placeholders?|profanity|repetitions?|capital letters"
    r"|uppercase|lowercase|all caps|line breaks?|sections?|word count|format(?:ting"
    r"|ted)?"
    r"|layout|language|wording|vocabulary|sub-?sections?|columns?|rows?|lines)"
    r"(?![\w-])"
)
_MANNER = re.compile(
    r"\b(?:in (?:an? |the )?(?:[\w-]+ ){0,3}(?:way|manner|tone|style|voice|fashion"
    r"|format"
    r"|order|form|light)\b(?! of)|in (?:simple|plain|everyday|lay|layman['\u2019]?s"
    r"|clear|easy"
    r"|accessible|non-technical|technical|general|concrete|broad|his|her|its|their"
    r"|your)"
    r"(?: own)? (?:terms|words|language|english)|in (?:great |more |enough |sufficient"
    r" |some )?(?:detail|depth)|with (?:\w+ )?(?:clarity|accuracy|care|precision)"
    r"|using (?:\w+ )?(?:language|words|terms|headings?|bullets?|bullet points|tables?"
    r"|a list)|as (?:an? )?(?:bullet\w*|numbered|table|list|poem|haiku)\b"
    r"|step[- ]by[- ]"
    r"step|so that (?:a|an|the) [\w -]+ (?:can|could) (?:understand|follow)"
    r"|(?:appropriate|suitable|understandable|accessible|easy|tailored) (?:for|to)"
    r"|in (?:an? )?(?:bullet points|bullets|tables?|equal measure)"
    r"|in (?:[\w-]+ ){1,3}(?:sentences?|words?"
    r"|paragraphs?|lines?|bullet points?"
    r"|bullets"
    r"|a table|a list))\b",
    re.IGNORECASE,
)
_ADVERB_AT_END = re.compile(
    r"\b(?:well|verbatim|in full|word for word)$"
    r"|\b(?!daily\b|weekly\b|monthly\b|yearly\b|early\b|family\b|supply\b|reply\b"
    r"|assembly\b|only\b|anomaly\b|butterfly\b|monopoly\b|jelly\b|belly\b|bully\b"
    r"|apply\b|rely\b|fly\b|ally\b|lily\b|[A-Z])[\w-]+ly$",
)
_NUMBER = (
    r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|several|multiple|various"
    r"|numerous|many|a few|some|a couple of|a number of|enough)"
)
_COUNTED = (
    r"(?:reasons?|examples?|causes?|ways?|steps?|tips?|benefits?|advantages?"
    r"|disadvantages?|drawbacks?|options?|alternatives?|ideas?|points?|factors?"
    r"|facts?|items?|things?|features?|types?|kinds?|methods?|strategies|strategy"
    r"|arguments?|effects?|consequences|symptoms?|risks?|sources?|questions?"
    r"|suggestions?"
    r"|recommendations?|aspects?|pros|cons|differences|similarities|resources?|uses"
    r"|solutions?|techniques?|names?|places?|books?|countries|cities|ingredients"
    r"|studies|statistics|details?|elements?|stages?|principles?|characteristics|tools?"
    r"|activities|exercises|sights|attractions|foods?|dishes|people|companies)"
)
_COUNT = re.compile(
    rf"^(?:(?:the|any|these|those) )?(?:(?:at least|at most|no more than"
    rf"|no fewer than|no"
    rf" less than|more than|fewer than|less than|exactly|up to|only|a minimum of"
    rf"|a maximum of) (?:\d+|one|two|three|four|five|six|seven|eight"
    rf"|nine|ten|a|an|several|half)\b(?! (?:per ?cent|million|billion|thousand|hundred"
    rf"|degrees|years?|months?|weeks?|days?|hours?|minutes?|people|grams?|mg|kg|g)\b)"
    rf"|{_NUMBER}(?: or (?:more|fewer|\w+))?(?: [\w-]+){{0,2}} {_COUNTED}\b)"
    r"|\b(?:more than once|at least once|twice|three times|repeatedly|only once)$",
    re.IGNORECASE,
)
_COMPLETE = re.compile(
    r"^(?:all|every|each|the (?:entire|full|whole|complete))\b", re.IGNORECASE
)
_POSITION = re.compile(
    r"\b(?:before the (?:answer|conclusion|solution|explanation)"
    r"|at (?:the )?(?:very )?(?:start|beginning|end|top|bottom|outset)"
    r" ?(?:of (?:the|its) (?:response|answer|reply|message|text|email|letter))?$"
    r"|in (?:the|its) (?:very )?(?:first|last|opening|final|closing|second|third) "
    r"(?:sentence|paragraph|line|section|part|\d+ words)|up ?front$|before (?:it )?(?:"
    r"giving|gives|explaining|explains|mentioning|mentions|stating|states|answering"
    r"|answers|providing|provides|listing|lists|offering|recommending|suggesting"
    r"|asking)"
    r"|after (?:giving|explaining|mentioning|stating|answering|providing|listing)"
    r"|rather than (?:giving|explaining|mentioning|stating|answering|providing)"
    r"|early on)",
    re.IGNORECASE,
)
_TASK = re.compile(
    r"\b(?:(?:the|this|that|every|all|each) (?:main |central |original |actual "
    r"|given )?"
    r"(?:question|prompt|request|query|instructions?|task|assignment)s?(?:$| (?:asked"
    r"|posed"
    r"|directly|fully|itself))|(?:user|customer|student|patient|reader|prompt|asker"
    r"|client)"
    r"(?:['\u2019]s|s['\u2019]) (?:\w+ )?(?:questions?|requests?|quer(?:y|ies)|prompts?"
    r"|instructions?|needs?|concerns?|constraints?|requirements?|intent|goals?|problem"
    r"|issues?|situation)|parts? of the (?:question|prompt|request|task)"
    r"|its (?:own )?(?:claims?|work|reasoning|answers?|steps|arguments?|calculations?)$"
    r"|as (?:asked|requested|instructed|required)|(?:was|were|is) asked"
    r"|what the user (?:asked|wants|needs)|constraints?$|requirements? of the prompt)",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"\b(?:reference (?:answer|solution|response|text)|(?:the|a|its) sources?$"
    r"|(?:source|original|provided|given|input|supplied) (?:text|document|material"
    r"|article"
    r"|passage|context|information|facts|dialogue|conversation)"
    r"|hallucinat\w*|fabricat\w*|made[- ]up|invented|unsupported|unverified"
    r"|unverifiable"
    r"|contradict\w*|consistent with|inconsistent|in line with|faithful\w*|grounded"
    r"|(?:not|never) (?:found|present|mentioned|stated|given|contained) in"
    r"|(?:better|worse|more [\w-]+|less [\w-]+|shorter|longer) than the (?:other"
    r"|reference"
    r"|previous|first|second|baseline)|other (?:response|answer|assistant)"
    r"|established (?:facts?|science)|common knowledge|evidence-based)\b",
    re.IGNORECASE,
)
_EXCLUSIVE = re.compile(
    r"^(?:only|solely|exclusively|just|nothing but)\b"
    r"|\b(?:other than|apart from|besides|except(?: for)?|and nothing else"
    r"|but nothing else"
    r"|anything else|nothing else|beyond what)\b",
    re.IGNORECASE,
)
_PERSON_FIRST = re.compile(
    r"^(?:the|its|their) (?:user|customer|reader|patient|student|audience|asker)s?\b"
    r"(?!['\u2019])"
)
_CLAUSE = re.compile(
    r"^(?:(?:in|at|on|to|for|from|by|with) )?"
    r"(?:that|how|why|whether|when|where|who|whom|which|what|if)\b",
    re.IGNORECASE,
)
_ADVISED = re.compile(r"^(?:(?:to|not|never|against) |[\w-]+ing\b)", re.IGNORECASE)
_HEAD_ENDS = re.compile(
    r"\b(?:that|of|about|for|to|on|why|how|whether|what|when|where|which|who|between"
    r"|with|from|against|as|by|in|into|is|are|was|were|has|have|can|should|will"
    r"|may)\b|[,:;(]",
    re.IGNORECASE,
)
_USABLE = re.compile(
    r"^(?:the|an?|any|another) (?:[\w-]+ )?(?:word|term|phrase|name|example|analogy"
    r"|metaphor|comparison|story|anecdote|scenario|quote|quotation|formula|equation"
    r"|function|command|case)s?\b",
    re.IGNORECASE,
)
QUALITY_ADVERB = re.compile(
    r"(?:accurately|correctly|incorrectly|clearly|concisely|briefly|thoroughly"
    r"|properly|well|appropriately|adequately|sufficiently|effectively|convincingly"
    r"|politely|respectfully|coherently|logically|completely|fully|precisely|exactly"
    r"|gently|kindly|warmly|calmly|comprehensively|successfully|directly answers"
    r"|consistently|proactively|empathetically|compassionately|persuasively"
    r"|professionally|reasonably|carefully|wrongly|falsely|honestly|openly|simply"
    r"|vividly|logically|helpfully|faithfully|neutrally|objectively|always|repeatedly"
    r"|immediately|unnecessarily|needlessly|excessively|overly) ",
    re.IGNORECASE,
)


# Of these, it counts what they are about; by themselves they name nothing.
_ABOUT_ITSELF = re.compile(
    r"\b(?:answers?|contexts?|details?|evidence|information|content|guidance|advice"
    r"|insights?|perspectives?|reasoning|justifications?|support|feedback|explanations?"
    r"|examples?|responses?|arguments?|views?|content|background|clarity|depth)$"
)
_ATTITUDE = re.compile(
    r"\b(?:awareness|understanding|appreciation|knowledge|mastery|interest"
    r"|consideration"
    r"|concern|insight|restraint|curiosity|willingness|effort|care|expertise"
    r"|gratitude|respect|encouragement"
    r"|critical thinking)$"
)
_DEVICE = re.compile(
    r"\b(?:question|thesis(?: statement)?|call to action|call|metaphors?|similes?"
    r"|analog(?:y|ies)|anecdotes?|jokes?|puns?|haiku|sonnet|limerick|poem|quotations?"
    r"|statistics?|data|hook|transitions?|encouragement|pros and cons)$"
)
# These verbs say that something is stated only before "that": one can maintain a tone.
_BEFORE_THAT = frozenset({"maintain", "observe", "argue", "imply", "mandate"})


def beyond(verb: str, rest: str) -> Beyond | None:
    """Say what makes ``verb`` with its object a matter for another judge.

    In a clause ("that …", "how …") nearly all is content; of an object, the words
    before its first preposition say what kind of thing it is.
    """
    clause = _CLAUSE.match(rest)
    if clause is None and verb in ADVISING:
        clause = _ADVISED.match(rest)
    if verb == "use" and not _USABLE.match(rest):
        return Beyond.FORMAT
    if verb in _BEFORE_THAT and clause is None:
        return _first_found(_OF_ANYTHING, rest) or Beyond.FORM
    if clause is not None:
        stated = clause[0].lower() == "that"
        return None if stated else _first_found(_OF_A_QUESTION, rest)
    found = _first_found(_OF_AN_OBJECT, rest)
    if found is not None:
        return found
    if verb == "address" and _PERSON_FIRST.match(rest):
        return Beyond.TASK
    ends = _HEAD_ENDS.search(rest)
    head = rest[: ends.start()].strip() if ends and ends.start() else rest
    return _beyond_in_head(verb, head, whole=head == rest)


_OF_A_QUESTION = (
    (_SOURCE, Beyond.SOURCE),
    (_TASK, Beyond.TASK),
    (_ADVERB_AT_END, Beyond.QUALITY),
    (_MANNER, Beyond.FORMAT),
)
_OF_AN_OBJECT = (
    (_COUNT, Beyond.COUNT),
    (_COMPLETE, Beyond.COMPLETE),
    (_EXCLUSIVE, Beyond.EXCLUSIVE),
    (_POSITION, Beyond.POSITION),
    *_OF_A_QUESTION,
)


def _first_found(
    patterns: Iterable[tuple[re.Pattern[str], Beyond]], text: str
) -> Beyond | None:
    return next((reason for found, reason in patterns if found.search(text)), None)


def _beyond_in_head(verb: str, head: str, *, whole: bool) -> Beyond | None:
    """Look at the first words of an object, which may be the ``whole`` of it."""
    patterns = [(_QUALITY, Beyond.QUALITY)]
    contains = verb in CONTAINING
    if contains or verb in _PARTS:
        patterns.append((_QUALITY_OF_A_PART, Beyond.QUALITY))
    if contains or verb in _OF_THINGS:
        patterns.append((_TONE, Beyond.TONE))
        if not _USABLE.match(head):
            patterns.append((_FORMAT, Beyond.FORMAT))
        if whole:
            patterns.append((_ABOUT_ITSELF, Beyond.QUALITY))
            patterns.append((_DEVICE, Beyond.FORMAT))
    if contains:
        patterns += [(_ATTITUDE, Beyond.TONE), (_HARM, Beyond.SOURCE)]
    return _first_found(patterns, head)


def guess(statement: str) -> Beyond:
    """Say why a statement of no known form is a matter for another judge."""
    return _first_found(_OF_ANYTHING, statement) or Beyond.FORM


_OF_ANYTHING = (
    (_SOURCE, Beyond.SOURCE),
    (_TONE, Beyond.TONE),
    (_FORMAT, Beyond.FORMAT),
    (_QUALITY, Beyond.QUALITY),
    (_QUALITY_OF_A_PART, Beyond.QUALITY),
    (_TASK, Beyond.TASK),
    (_COUNT, Beyond.COUNT),
)
