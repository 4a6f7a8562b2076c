"""Which rules there are: each module of the package `rules` is one."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from rubricdsl.language.lint import rules as package
from rubricdsl.language.lint.rule import Rule, RuleError


@cache
def rules() -> Mapping[str, Rule]:
    """Give our own rules by code, in the order of their codes."""
    names = sorted(module.name for module in iter_modules(package.__path__))
    modules = (import_module(f"{package.__name__}.{name}") for name in names)
    found = sorted((Rule.of(module) for module in modules), key=lambda r: r.code)
    by_code = {rule.code: rule for rule in found}
    if len(by_code) < len(found):
        raise RuleError("two rules have the same code")
    return by_code
