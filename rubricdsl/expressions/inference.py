"""Whether an expression makes sense, and the type of what it gives.

A well-typed expression never fails for reasons of type: what can still go wrong
depends on the response (a missing fact, a division by zero).
"""

from collections.abc import Mapping
from difflib import get_close_matches

from attrs import field, frozen

from rubricdsl.diagnostics import Diagnostic
from rubricdsl.expressions.walking import depth
from rubricdsl.model.expression import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Logical,
    Name,
    Not,
    ValueType,
)
from rubricdsl.model.protocols import FunctionTable, Parameter, Signature
from rubricdsl.model.source import Span

RESPONSE_NAMES: Mapping[str, ValueType] = {
    "response": ValueType.TEXT,
    "prompt": ValueType.TEXT,
    "reference": ValueType.TEXT,
}
MAX_DEPTH = 100
"""Levels of nesting allowed: every walk by recursion stays far from its limit."""

_CALLED = {
    ValueType.BOOL: "yes or no",
    ValueType.NUMBER: "a number",
    ValueType.TEXT: "a text",
}
_Type = ValueType | None


def infer(
    expression: Expression,
    names: Mapping[str, ValueType],
    functions: FunctionTable,
) -> tuple[ValueType | None, tuple[Diagnostic, ...]]:
    """Give the type of ``expression`` and all that is wrong with it.

    The type is None where a fault leaves it open; what builds on such a part is
    not reported again.
    """
    if depth(expression) > MAX_DEPTH:
        fault = Diagnostic(
            "E214",
            f"the expression nests deeper than {MAX_DEPTH} levels",
            expression.span,
            "split it into several criteria",
        )
        return None, (fault,)
    inference = _Inference(names, functions)
    result = inference.type_of(expression)
    return result, tuple(inference.diagnostics)


def infer_check(
    expression: Expression,
    names: Mapping[str, ValueType],
    functions: FunctionTable,
) -> tuple[Diagnostic, ...]:
    """Give all that is wrong with a ``check:``, which gives yes or no or a number."""
    result, diagnostics = infer(expression, names, functions)
    if result is not ValueType.TEXT:
        return diagnostics
    fault = Diagnostic(
        "E409",
        "a check gives yes or no, or a number from 0 to 1, and this gives a text",
        expression.span,
        'compare it with something, as in language(response) == "en"',
    )
    return (*diagnostics, fault)


@frozen
class _Inference:
    names: Mapping[str, ValueType]
    functions: FunctionTable
    diagnostics: list[Diagnostic] = field(factory=list)

    def report(self, code: str, message: str, span: Span, hint: str) -> None:
        self.diagnostics.append(Diagnostic(code, message, span, hint))

    def type_of(self, expression: Expression) -> _Type:  # noqa: C901, PLR0911 - forms
        match expression:
            case Constant(bool()):
                return ValueType.BOOL
            case Constant(str()):
                return ValueType.TEXT
            case Constant():
                return ValueType.NUMBER
            case Name():
                return self.variable(expression)
            case Call():
                return self.application(expression)
            case Not(operand):
                self.expect(operand, ValueType.BOOL, "`not`")
                return ValueType.BOOL
            case Logical(operator, operands):
                for operand in operands:
                    self.expect(operand, ValueType.BOOL, f"`{operator}`")
                return ValueType.BOOL
            case Arithmetic(operator, left, right):
                for operand in (left, right):
                    self.expect(operand, ValueType.NUMBER, f"`{operator}`")
                return ValueType.NUMBER
            case Compare():
                self.comparison(expression)
                return ValueType.BOOL

    def variable(self, name: Name) -> _Type:
        if name.name in self.names:
            return self.names[name.name]
        known = ", ".join(f"`{known}`" for known in self.names)
        self.report(
            "E303",
            f"unknown parameter or variable `{name.name}`",
            name.span,
            _suggest(name.name, self.names)
            or (f"the names known here are {known}" if known else "declare it first"),
        )
        return None

    def expect(self, expression: Expression, wanted: ValueType, by: str) -> None:
        got = self.type_of(expression)
        if got not in (None, wanted):
            self.report(
                "E409",
                f"{by} needs {_CALLED[wanted]}, and this is {_CALLED[got]}",
                expression.span,
                _remedy(wanted, got),
            )

    def comparison(self, expression: Compare) -> None:
        operator, left, right = expression.operator, expression.left, expression.right
        if operator not in ("==", "!="):
            for operand in (left, right):
                self.expect(operand, ValueType.NUMBER, f"`{operator}`")
            return
        types = self.type_of(left), self.type_of(right)
        if types[0] and types[1] and types[0] is not types[1]:
            self.report(
                "E409",
                f"`{operator}` compares {_CALLED[types[0]]} with {_CALLED[types[1]]}",
                expression.span,
                "make both sides of one type",
            )

    # ------------------------------------------------------------ functions

    def application(self, call: Call) -> _Type:
        name, arguments = call.function, call.arguments
        if name == "call" and name not in self.functions:
            match arguments:
                case (Constant(str() as name), *rest):
                    arguments = tuple(rest)
                case _:
                    self.report(
                        "E409",
                        "`call` needs the name of a function as its first argument",
                        call.span,
                        'write it out, as in call("package:name", response)',
                    )
                    return None
        signature = self.functions.get(name)
        if signature is None:
            self.report(
                "E309",
                f"unknown function `{name}`",
                call.span,
                _suggest(name, self.functions)
                or "functions of plugins are known only once the plugin is installed",
            )
            for argument in (*arguments, *(value for _, value in call.named)):
                if not isinstance(argument, Name):
                    self.type_of(argument)
            return None
        self.positional(signature, arguments, call.span)
        self.named(signature, call)
        return signature.result

    def positional(
        self, signature: Signature, arguments: tuple[Expression, ...], span: Span
    ) -> None:
        parameters = [p for p in signature.parameters if not p.named]
        required = sum(p.default is None for p in parameters)
        if not required <= len(arguments) <= len(parameters):
            self.report(
                "E409",
                f"`{signature.name}` takes {_plural(len(parameters), 'argument')}, "
                f"and {_plural(len(arguments), 'is', 'are')} given",
                span,
                f"write {usage(signature)}",
            )
        for parameter, argument in zip(parameters, arguments, strict=False):
            self.argument(signature, parameter, argument)
        for extra in arguments[len(parameters) :]:
            self.type_of(extra)

    def named(self, signature: Signature, call: Call) -> None:
        parameters = {p.name: p for p in signature.parameters if p.named}
        seen = set[str]()
        for name, argument in call.named:
            if name not in parameters:
                self.report(
                    "E409",
                    f"`{signature.name}` has no named argument `{name}`",
                    argument.span,
                    _suggest(name, parameters) or f"write {usage(signature)}",
                )
            elif name in seen:
                self.report(
                    "E409",
                    f"`{name}` is given twice to `{signature.name}`",
                    argument.span,
                    "keep one of them",
                )
            else:
                self.argument(signature, parameters[name], argument)
            seen.add(name)

    def argument(
        self, signature: Signature, parameter: Parameter, argument: Expression
    ) -> None:
        place = f"`{parameter.name}` of `{signature.name}`"
        if parameter.choices:
            if self.choice(argument) not in parameter.choices:
                choices = " or ".join(map(_written, parameter.choices))
                self.report(
                    "E409",
                    f"{place} must be {choices}, written out",
                    argument.span,
                    f"write {usage(signature)}",
                )
        elif parameter.artifact and not _is_artifact(argument):
            self.report(
                "E409",
                f"{place} must be an artifact",
                argument.span,
                f'write {signature.name}(artifact("name"))',
            )
        elif parameter.pattern and not _is_literal(argument):
            self.report(
                "E409",
                f"{place} must be a regular expression, written out",
                argument.span,
                r"write it in single quotes, as in matches(response, '^\d+')",
            )
        else:
            self.expect(argument, parameter.type, place)
            if parameter.pattern and isinstance(argument, Constant):
                self.pattern(str(argument.value), argument.span)

    def choice(self, argument: Expression) -> str | None:
        match argument:
            case Constant(str() as word):
                return word
            case Name(word) if word not in self.names:
                return word
            case _:
                return None

    def pattern(self, pattern: str, span: Span) -> None:
        from rubricdsl.expressions.patterns import diagnose

        fault = diagnose(pattern)
        if fault is not None:
            self.report(fault.code, fault.message, span, fault.hint)


def usage(signature: Signature) -> str:
    """Show how a function is called: ``contains(t, s, case = yes)``."""
    shown = [p.name for p in signature.parameters if not p.named]
    for parameter in signature.parameters:
        if parameter.named and parameter.choices:
            options = "|".join(map(_written, parameter.choices))
            shown.append(f"{parameter.name} = {options}")
        elif parameter.named:
            shown.append(f"{parameter.name} = …")
    if ":" in signature.name:
        return f'call("{signature.name}", {", ".join(shown)})'
    return f"{signature.name}({', '.join(shown)})"


def _written(choice: str) -> str:
    return choice if choice in ("yes", "no") else f'"{choice}"'


def _is_literal(argument: Expression) -> bool:
    return isinstance(argument, Constant) and isinstance(argument.value, str)


def _is_artifact(argument: Expression) -> bool:
    return isinstance(argument, Call) and argument.function == "artifact"


def _suggest(word: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"did you mean `{close[0]}`?" if close else ""


def _remedy(wanted: ValueType, got: ValueType | None) -> str:
    match wanted, got:
        case ValueType.BOOL, ValueType.NUMBER:
            return "compare it, as in words(response) > 0"
        case ValueType.BOOL, _:
            return 'compare it, as in language(response) == "en"'
        case ValueType.NUMBER, ValueType.TEXT:
            return "measure it, as in words(response)"
        case ValueType.NUMBER, _:
            return "yes and no are no numbers; join them with `and`, `or`, `not`"
        case _:
            return "give a text, such as response or one in quotes"


def _plural(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
