"""The verbs with which a criterion says that something is in a response."""

_STATING = """
state say mention explain name list tell note recommend suggest advise warn describe
define identify cite report claim assert declare acknowledge specify indicate discuss
remark inform clarify reference highlight emphasise emphasize stress underline
underscore caution encourage urge instruct propose announce confirm admit concede
address cover outline remind ask request invite offer promise apologise apologize thank
congratulate quote reveal guarantee reassure attribute disclose detail enumerate
mandate observe maintain argue stipulate imply teach notify deny discourage inquire
enquire prescribe direct credit introduce label classify point point_out bring_up
call_out refer talk_about speak_about speak_of touch_on touch_upon allude_to comment_on
elaborate_on praise criticise criticize compliment blame accuse threaten require forbid
prohibit predict estimate reject rule_out make_mention_of
make_clear_that make_it_clear_that make_the_point_that draw_attention_to
"""
_CONTAINING = """
give provide include contain present supply share feature add show illustrate
demonstrate use
"""
_LEAVING_OUT = "omit leave_out"
_IRREGULAR_THIRD = {"have": "has", "do": "does"}
_IRREGULAR_PARTICIPLE = {
    "say": "said",
    "tell": "told",
    "give": "given",
    "show": "shown",
    "teach": "taught",
    "bring": "brought",
    "make": "made",
    "leave": "left",
    "speak": "spoken",
    "draw": "drawn",
}
_DOUBLED = ("admit", "omit", "refer")

_ACTS = """
apologise apologize thank congratulate quote promise guarantee discourage praise
criticise criticize compliment blame accuse threaten require forbid prohibit
"""
# What these verbs name is an act: what is looked for keeps the verb.
ACTS = frozenset(_ACTS.split())
ASKING = frozenset({"ask", "inquire", "enquire", "request"})
DENYING = frozenset({"deny", "discourage", "reject", "rule_out"})
_ADDRESSING = """
tell inform remind advise warn ask encourage urge instruct caution invite reassure
teach notify show direct refer point offer recommend suggest promise apologise
apologize explain request give provide point_out inquire enquire
"""
# Their first object may be the person spoken to, who is not what is looked for.
ADDRESSING = frozenset(_ADDRESSING.split())
_ADVISING = """
recommend suggest advise encourage urge instruct remind tell propose invite ask warn
caution discourage require direct mention discuss
"""
# Before these verbs' objects, "doing" and "to do" say what is advised.
ADVISING = frozenset(_ADVISING.split())
_ALSO_NOUNS = """
state name list note report claim address cover request offer promise reference detail
quote use show share present supply feature stress highlight outline label credit
caution point praise blame
"""
# As nouns they follow "and" as well: "the dates and names of the kings".
ALSO_NOUNS = frozenset(_ALSO_NOUNS.split())


def third_person(verb: str) -> str:
    """Give the form after "it": ``states``, ``points out``."""
    first, _, rest = verb.partition("_")
    if first in _IRREGULAR_THIRD:
        form = _IRREGULAR_THIRD[first]
    elif first.endswith(("s", "sh", "ch", "x")):
        form = first + "es"
    elif first.endswith("y") and first[-2] not in "aeiou":
        form = first[:-1] + "ies"
    else:
        form = first + "s"
    return " ".join([form, *rest.split("_")]).strip()


def gerund(verb: str) -> str:
    """Give the form after "avoids": ``stating``, ``pointing out``."""
    first, _, rest = verb.partition("_")
    if first in _DOUBLED:
        first += first[-1]
    elif first.endswith("e"):
        first = first[:-1]
    return " ".join([first + "ing", *rest.split("_")]).strip()


def participle(verb: str) -> str:
    """Give the form after "is": ``stated``, ``pointed out``."""
    first, _, rest = verb.partition("_")
    if first in _IRREGULAR_PARTICIPLE:
        form = _IRREGULAR_PARTICIPLE[first]
    elif first in _DOUBLED:
        form = first + first[-1] + "ed"
    elif first.endswith("e"):
        form = first + "d"
    elif first.endswith("y") and first[-2] not in "aeiou":
        form = first[:-1] + "ied"
    else:
        form = first + "ed"
    return " ".join([form, *rest.split("_")]).strip()


STATING = tuple(_STATING.split())
CONTAINING = tuple(_CONTAINING.split())
LEAVING_OUT = tuple(_LEAVING_OUT.split())
ALL = STATING + CONTAINING + LEAVING_OUT
BASES = {verb.replace("_", " "): verb for verb in ALL}
THIRDS = {third_person(verb): verb for verb in ALL}
GERUNDS = {gerund(verb): verb for verb in ALL}
PARTICIPLES = {
    participle(verb): verb for verb in ALL if not verb.endswith(("_that", "_of"))
}
