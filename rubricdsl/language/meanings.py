"""What each word of the language means, in one line, for whoever points at it.

The language reference, ``grammars/README.md``, says the same at length.
"""

from collections.abc import Mapping

FIELD_MEANINGS: Mapping[str, str] = {
    "version": "Version of the rubric: three numbers such as 1.2.0.",
    "title": "A title for reports; no judge sees it.",
    "prompt": "What the answer replies to; a conversation stands in a `prompt` block.",
    "reference": "A good answer, for judges and checks to compare with.",
    "note": "What the judge should know beside the text.",
    "why": "Why this matters, for readers; no judge sees it, no score depends on it.",
    "for": "Ids of the prompts that the rubric judges.",
    "tags": "Names, or `name = value`, by which results are grouped.",
    "weights": "Which weights are allowed: `1 to 3`, or classes `essential = 5, …`.",
    "judge": "Which `judge` block is asked; a criterion's own wins over its group's.",
    "passing": "From which value on it counts as met (1 if not said), from 0 to 1.",
    "sees": "What the judge is shown: prompt, response, reference, artifacts.",
    "language": "The language of the rubric, such as `en`.",
    "n/a": "Allows the verdict n/a; what it is worth: skip, fail, pass, or 0 to 1.",
    "since": "The round of refinement that brought it.",
    "was": "Names that it had before, so that results and tests can follow.",
    "monotone": "`no` lets a formula fall when a child rises, or leave 0 to 1.",
    "needs": "Asked only if these are met; if one is not, the verdict is no.",
    "answers": "The verdicts it can have: two or more of yes, partly (one half), no.",
    "levels": "The ends of its scale, such as `0 to 4`; each whole step can be given.",
    "evidence": "`required`: the judge must quote the answer.",
    "source": "Where the criterion comes from.",
    "model": '`"BACKEND/MODEL"`; several make a panel.',
    "ask": "`together`: one call for all criteria; `each`: one call for each.",
    "votes": "How often each model is asked, and the rule that makes one of all votes.",
    "temperature": "How freely the model answers; 0 is the least.",
    "max_tokens": "The most tokens of an answer.",
    "on_error": "`skip` lets the rest of a panel decide when a member fails.",
    "instructions": "What the judge is told beside the criteria.",
    "with": "Values of the rubric's parameters in this test.",
    "tier": "What the test needs: arithmetic, recorded verdicts, or a live judge.",
}

MARK_MEANINGS: Mapping[str, str] = {
    "must": "A gate: if it is not true, its group is worth 0.",
    "never": "A gate: if it is true, its group is worth 0.",
    "cap": "A gate: if it is not true, its group is worth at most this.",
    "bonus": "Extra credit: true adds this; what is divided by does not grow.",
    "info": "Judged and reported, never scored.",
}

KIND_MEANINGS: Mapping[str, str] = {
    "mean": "The weighted mean of the children.",
    "all": "1 if all children are met, else 0.",
    "any": "1 if one child is met, else 0.",
    "at": "1 if at least so many children are met, else 0.",
    "worst": "The least value among the children.",
    "best": "The greatest value among the children.",
    "geomean": "The weighted geometric mean: one 0 makes it 0.",
    "formula": "What `combine:` says, over the names of the children.",
}

VERDICT_MEANINGS: Mapping[str, str] = {
    "yes": "The statement is true: worth 1.",
    "no": "The statement is not true: worth 0.",
    "partly": "It is partly true: worth one half.",
    "n/a": "It does not apply; what that is worth, the line `n/a:` says.",
    "level": "A level of the criterion's scale.",
}

LINE_MEANINGS: Mapping[str, str] = {
    "rubric": "Begins a rubric; results and other files speak of it by this name.",
    "use": 'Imports a file of the project: `use "file.rub" as name`.',
    "param": "Declares a parameter: `{{name}}` in texts, its name in checks.",
    "judge": "Says what kind of judge is wanted; `rub.toml` says who that is here.",
    "history": "The rounds of refinement; they change no score.",
    "round": "One round: who, when, what was compared.",
    "test": "A test: what must come out for given verdicts, or for responses.",
    "prompt": "The conversation that the answer replies to, turn by turn.",
    "system": "A turn of the system.",
    "user": "A turn of the user.",
    "assistant": "A turn of the assistant.",
    "tool": "A turn of a tool.",
    "check": "Decides the criterion by an expression; no judge is asked.",
    "combine": "The expression that makes the value of a formula of its children's.",
    "level": 'Describes a step of the scale: `level 2 "fair": text`.',
    "example": "An answer, or a piece of one, with the verdict that it deserves.",
    "response": "A response of the test, judged and checked as in a real run.",
    "given": "Fixes a verdict; `given all` comes first, exceptions after it.",
    "expect": "What must come out: a verdict, a number, a bound, `about` a number.",
}

JOINING_MEANINGS: Mapping[str, str] = {
    "of": "Joins the kind of a group and its name.",
    "least": "`at least n of`: how many children must be met.",
    "include": "Copies a criterion, a group or a whole rubric of an imported file.",
    "as": "The name that it goes by here.",
    "to": "The two ends of a range.",
    "and": "True if both sides are.",
    "or": "True if one side is.",
    "not": "True if what follows is not.",
    "about": "Equal when rounded to the digits written.",
    "by": "By how much each response must be better than the next.",
    "order": "The responses from best to worst.",
    "all": "Every criterion of the rubric.",
    "score": "The score of the whole rubric.",
}

RESPONSE_MEANINGS: Mapping[str, str] = {
    "response": "The text of the answer.",
    "prompt": "The text of the prompt; of a conversation, its turns.",
    "reference": "The reference answer.",
}
