"""Which plugins there are, what they offer, and what is broken about them.

Plugins are found by the metadata of installed distributions and loaded one by one,
so that a broken one is a line in a list and not the end of a run.  None is looked for
before somebody asks for what plugins offer: most files need nothing of them, and the
search takes longer than reading such a file.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from attrs import frozen

from rubricdsl.diagnostics import fail

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from pluggy import PluginManager

    from rubricdsl.model.audit import MutationOffer, ProbeOffer
    from rubricdsl.model.chat import ChatModelOffer
    from rubricdsl.model.execution import ExecutorOffer
    from rubricdsl.model.protocols import (
        CheckFunction,
        FunctionTable,
        JudgeBackendOffer,
        JudgeWrapperOffer,
        RubricFormatOffer,
    )
    from rubricdsl.model.refinement import (
        PairSelectorOffer,
        ProposerOffer,
        RefinementStrategyOffer,
    )


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Offer = TypeVar("_Offer")


@frozen
class PluginRecord:
    """One plugin: its entry point, where it is from, and why it is broken, if so."""

    name: str
    distribution: str
    version: str
    problem: str | None = None


@frozen
class Offered(Generic[_Offer]):
    """An offer and the plugin that makes it."""

    offer: _Offer
    plugin: PluginRecord


class PluginHost:
    """The plugins of an environment and what they offer."""

    def __init__(self, points: "Iterable[EntryPoint]") -> None:
        self._points = points
        self._records: dict[str, PluginRecord] = {}

    @classmethod
    def installed(cls) -> Self:
        """Give the plugins of all installed distributions, our own among them."""
        return cls(_installed())

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """All plugins found, the broken ones too."""
        self._loaded  # noqa: B018 - loads them
        return tuple(self._records.values())

    @cached_property
    def _loaded(self) -> "PluginManager":
        """The manager of all plugins, which are loaded now."""
        from pluggy import PluginManager

        from rubricdsl.plugins.specs import PROJECT, HookSpecs

        manager = PluginManager(PROJECT)
        manager.add_hookspecs(HookSpecs)
        for point in self._points:
            self._load(point, manager)
        return manager

    def _load(self, point: "EntryPoint", manager: "PluginManager") -> None:
        distribution = point.dist.name if point.dist else "unknown"
        version = point.dist.version if point.dist else "unknown"
        # A distribution installed twice over (editable and not) lists itself twice.
        known = self._records.get(point.name)
        if known is not None and known.distribution == distribution:
            return
        key = point.name if known is None else f"{point.name} ({distribution})"
        problem = None
        if known is not None:
            problem = f"`{point.name}` is already the plugin of {known.distribution}"
        else:
            try:
                _register(point, manager)
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything
                problem = f"{type(error).__name__}: {error}"
        self._records[key] = PluginRecord(point.name, distribution, version, problem)

    # ----------------------------------------------------------------- offers

    @cached_property
    def judge_backends(self) -> "Mapping[str, Offered[JudgeBackendOffer]]":
        """Judge backends by name."""
        return self._offers("judge backend", "rubricdsl_judge_backends", _name)

    @cached_property
    def judge_wrappers(self) -> "Mapping[str, Offered[JudgeWrapperOffer]]":
        """What can be put around judge backends, by name."""
        return self._offers("judge wrapper", "rubricdsl_judge_wrappers", _name)

    @cached_property
    def chat_models(self) -> "Mapping[str, Offered[ChatModelOffer]]":
        """Chat models by name."""
        return self._offers("chat model", "rubricdsl_chat_models", _name)

    @cached_property
    def proposers(self) -> "Mapping[str, Offered[ProposerOffer]]":
        """Proposers that are no chat models, by name."""
        return self._offers("proposer", "rubricdsl_proposers", _name)

    @cached_property
    def pair_selectors(self) -> "Mapping[str, Offered[PairSelectorOffer]]":
        """Rules by which pairs are chosen, by name."""
        return self._offers("pair selector", "rubricdsl_pair_selectors", _name)

    @cached_property
    def refinement_strategies(self) -> "Mapping[str, Offered[RefinementStrategyOffer]]":
        """Strategies of refinement, by name."""
        return self._offers(
            "refinement strategy", "rubricdsl_refinement_strategies", _name
        )

    @cached_property
    def probes(self) -> "Mapping[str, Offered[ProbeOffer]]":
        """Makers of junk that tries to reach the top, by name."""
        return self._offers("probe", "rubricdsl_probes", _name)

    @cached_property
    def mutations(self) -> "Mapping[str, Offered[MutationOffer]]":
        """Ways to make a good response worse, by name."""
        return self._offers("mutation", "rubricdsl_mutations", _name)

    @cached_property
    def executors(self) -> "Mapping[str, Offered[ExecutorOffer]]":
        """Ways to make runs, by name."""
        return self._offers("executor", "rubricdsl_executors", _name)

    @cached_property
    def formats(self) -> "Mapping[str, Offered[RubricFormatOffer]]":
        """Rubric formats by name."""
        return self._offers("format", "rubricdsl_formats", _name)

    @cached_property
    def check_functions(self) -> "Mapping[str, CheckFunction]":
        """Functions of the expression language by name."""
        offers = self._offers("check function", "rubricdsl_check_functions", _called)
        return {name: offered.offer for name, offered in offers.items()}

    @cached_property
    def function_table(self) -> "FunctionTable":
        """Signatures of the check functions, for the language."""
        return {name: f.signature for name, f in self.check_functions.items()}

    # ----------------------------------------------------------------- events

    def hears(self, hook: str) -> bool:
        """Tell whether any plugin implements a hook."""
        return bool(getattr(self._loaded.hook, hook).get_hookimpls())

    def tell(self, hook: str, event: object) -> list[str]:
        """Tell all plugins of an event, and give what went wrong, a sentence each."""
        problems: list[str] = []
        for implementation in getattr(self._loaded.hook, hook).get_hookimpls():
            record = self._records[implementation.plugin_name]
            # An implementation may do without the event.
            given = [event] if implementation.argnames else []
            try:
                implementation.function(*given)
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything
                problems.append(
                    f"the plugin `{record.name}` of {record.distribution} raised "
                    f"{type(error).__name__}: {error}"
                )
        return problems

    def _offers(
        self, what: str, hook: str, name_of: Callable[[_Offer], str]
    ) -> dict[str, Offered[_Offer]]:
        """Collect the offers of one hook; a plugin that fails offers nothing."""
        found: dict[str, Offered[_Offer]] = {}
        for implementation in getattr(self._loaded.hook, hook).get_hookimpls():
            record = self._records[implementation.plugin_name]
            try:
                offers: Sequence[_Offer] = implementation.function()
                named = [(name_of(offer), offer) for offer in offers]
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything
                self._records[record.name] = PluginRecord(
                    record.name,
                    record.distribution,
                    record.version,
                    f"{hook}: {type(error).__name__}: {error}",
                )
                continue
            for name, offer in named:
                if name in found:
                    other = found[name].plugin.distribution
                    fail(
                        "D302",
                        f"{other} and {record.distribution} both offer the {what} "
                        f"`{name}`",
                        hint="uninstall one of the two",
                    )
                found[name] = Offered(offer, record)
        return found


def _installed() -> "Iterator[EntryPoint]":
    """Find the plugins of all distributions when the first is asked for."""
    from importlib.metadata import entry_points

    from rubricdsl.plugins.specs import PROJECT

    def own_first(point: "EntryPoint") -> tuple[bool, str, str]:
        name = point.dist.name if point.dist else ""
        return (name != PROJECT, name, point.name)

    yield from sorted(entry_points(group=PROJECT), key=own_first)


def _register(point: "EntryPoint", manager: "PluginManager") -> None:
    plugin = point.load()
    manager.register(plugin, point.name)
    try:
        # Without this, a misspelled hook would just never be called.
        manager.check_pending()
    except Exception:
        manager.unregister(plugin)
        raise


def _name(offer: _Named) -> str:
    return offer.name


def _called(function: "CheckFunction") -> str:
    return function.signature.name
