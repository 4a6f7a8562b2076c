"""Judges, tests and history: syntax trees to the model."""

from collections.abc import Iterator

from lark import Token, Tree

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.language.fields import Fields, Scalar, written
from rubricdsl.language.tree_items import read_ruling
from rubricdsl.language.tree_texts import TreeTextReader
from rubricdsl.language.trees import (
    as_token,
    as_tree,
    first_token,
    read_scalar,
    span_of,
    subtrees,
    unquote,
)
from rubricdsl.model.rubric import (
    About,
    Ask,
    Bound,
    Expect,
    Expectation,
    ExpectOrder,
    Given,
    JudgeSpec,
    Round,
    TestCase,
    TestResponse,
    Turn,
    VoteRule,
)
from rubricdsl.model.source import NOWHERE, Span

TIERS = ("arithmetic", "recorded", "live")


def build_judge(
    tree: Tree[Token], texts: TreeTextReader, found: list[Diagnostic]
) -> JudgeSpec:
    """Build a ``judge`` block."""
    name, lines = as_token(tree.children[0]), subtrees(tree)
    fields = Fields("judge", found)
    for line in lines:
        fields.add(texts.entry(line))
    fields.refuse_secrets()
    votes, rule = _votes(fields)
    on_error = fields.text("on_error")
    if on_error not in {None, "stop", "skip"}:
        fields.wrong_type(fields.entries["on_error"], "stop or skip")
    return JudgeSpec(
        name=str(name),
        models=fields.names("model") or (),
        ask=fields.choice("ask", Ask) or Ask.TOGETHER,
        votes=votes,
        rule=rule,
        temperature=fields.number("temperature"),
        max_tokens=fields.whole("max_tokens"),
        skip_failed=on_error == "skip",
        instructions=fields.text("instructions"),
        span=span_of(texts.file, name),
    )


def _votes(fields: Fields) -> tuple[int, VoteRule]:
    entry = fields.entries.get("votes")
    votes: list[int] = []
    rules: list[VoteRule] = []
    for scalar in entry.values.scalars if entry else ():
        number = scalar.value
        if isinstance(number, float) and number >= 1 and number == int(number):
            votes.append(int(number))
        elif scalar.form == "path" and scalar.value in list(VoteRule):
            rules.append(VoteRule(str(scalar.value)))
        else:
            votes += [0, 0]
    if entry and (len(votes) > 1 or len(rules) > 1):
        names = ", ".join(VoteRule)
        fields.wrong_type(entry, f"a whole number of votes and one of {names}")
        return 1, VoteRule.MAJORITY
    number, rule = next(iter(votes), 1), next(iter(rules), VoteRule.MAJORITY)
    if entry and rule is VoteRule.CASCADE and number > 1:
        fields.wrong_type(entry, "`cascade` alone, which asks each judge once")
        return 1, rule
    return number, rule


def build_history(
    tree: Tree[Token], file: str, found: list[Diagnostic]
) -> Iterator[Round]:
    """Build the rounds of a ``history`` block."""
    _, *rounds = subtrees(tree)
    for line in rounds:
        token, *values = line.children
        token = as_token(token)
        number, span = float(token), span_of(file, token)
        if number < 0 or number != int(number):
            hint = "number the rounds 0, 1, 2, …"
            message = f"`round {token}` is no whole number"
            found.append(Diagnostic("E421", message, span, hint))
        facts = (
            _fact(read_scalar(value)) for value in values if isinstance(value, Tree)
        )
        yield Round(int(number), tuple(facts), span=span)


def _fact(scalar: Scalar) -> tuple[str, tuple[str, ...]]:
    if scalar.form == "assign" and isinstance(scalar.value, tuple):
        name, inner = scalar.value
        return name, _words(inner)
    return "", _words(scalar)


def _words(scalar: Scalar) -> tuple[str, ...]:
    if scalar.form == "list" and isinstance(scalar.value, tuple):
        return tuple(word for part in scalar.value for word in _words(part))
    return (written(scalar),)


def build_test(
    tree: Tree[Token], texts: TreeTextReader, found: list[Diagnostic]
) -> TestCase:
    """Build a ``test`` block."""
    return _TestBuilder(tree, texts, found).build()


class _TestBuilder:
    def __init__(
        self, tree: Tree[Token], texts: TreeTextReader, found: list[Diagnostic]
    ) -> None:
        self.tree = tree
        self.texts = texts
        self.found = found
        self.fields = Fields("test", found)
        self.turns: list[Turn] = []
        self.responses: list[TestResponse] = []
        self.given: list[Given] = []
        self.expects: list[Expect] = []
        self.orders: list[ExpectOrder] = []
        self.lost = False

    def build(self) -> TestCase:
        title, lines = as_token(self.tree.children[0]), subtrees(self.tree)
        span = span_of(self.texts.file, title)
        for line in lines:
            self.line(line)
        if not (self.expects or self.orders or self.lost):
            hint = "add a line such as `expect score: 1`"
            self.found.append(
                Diagnostic("E504", "the test expects nothing", span, hint)
            )
        tier = self.fields.text("tier")
        if tier is not None and tier not in TIERS:
            entry = self.fields.entries["tier"]
            self.fields.wrong_type(entry, f"one of {', '.join(TIERS)}")
        return TestCase(
            title=unquote(title),
            bindings=self.fields.bindings("with"),
            tags=self.fields.tags(),
            tier=tier,
            prompt=None if self.turns else self.fields.text("prompt"),
            conversation=tuple(self.turns),
            reference=self.fields.text("reference"),
            responses=tuple(self.responses),
            given=tuple(self.given),
            expects=tuple(self.expects),
            orders=tuple(self.orders),
            span=span,
        )

    def line(self, line: Tree[Token]) -> None:
        span = self.span(line)
        match line.data:
            case "talk":
                self.fields.once("prompt", self.span(line))
                self.turns += self.texts.conversation(line)
            case "response":
                name, text = line.children
                label = str(name) if isinstance(name, Token) else None
                content = self.texts.text(text)
                self.responses.append(TestResponse(label, content, span=span))
            case "given":
                path, verdict = line.children
                verdict = as_tree(verdict)
                given = Given(_path(path), read_ruling(verdict), span=span)
                self.given.append(given)
            case "expect":
                path, expectation = line.children
                expectation = as_tree(expectation)
                wanted = _expectation(expectation)
                self.expects.append(Expect(_path(path), wanted, span=span))
            case "order":
                self.order(line, span)
            case _:
                entry = self.texts.entry(line)
                self.lost |= entry.key == ""
                self.fields.add(entry)

    def order(self, line: Tree[Token], span: Span) -> None:
        tokens = [token for token in line.children if isinstance(token, Token)]
        names = tuple(str(token) for token in tokens if token.type == "NAME")
        margin = next((float(t) for t in tokens if t.type == "SIGNED"), 0.0)
        self.orders.append(ExpectOrder(names, margin, span=span))

    def span(self, line: Tree[Token]) -> Span:
        token = first_token(line)
        return span_of(self.texts.file, token) if token else NOWHERE


def _path(tree: object) -> str:
    tree = as_tree(tree)
    return ".".join(str(part) for part in tree.children)


def _expectation(tree: Tree[Token]) -> Expectation:
    parts = [str(part) for part in tree.children]
    if tree.data == "bound":
        return Bound(parts[0], float(parts[1]))
    if tree.data == "about":
        decimals = len(parts[0].partition(".")[2])
        return About(float(parts[0]), 0.5 * 10.0**-decimals)
    return read_ruling(tree)
