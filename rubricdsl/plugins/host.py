"""Which plugins there are, what they offer, and what is broken about them.

Plugins are found by the metadata of installed distributions and loaded one by one,
so that a broken one is a line in a list and not the end of a run; one that is not
allowed, or not made for this version of the core, is not loaded at all.  None is
looked for before somebody asks for what plugins offer: most files need nothing of
them, and the search takes longer than reading such a file.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from attrs import evolve, frozen

from rubricdsl.diagnostics import fail
from rubricdsl.plugins.admission import EVERYTHING, OWN, Admission

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from pluggy import HookCaller, PluginManager

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
    """One plugin: its entry point, where it is from, and why it is broken, if so.

    ``refusal`` says why it was not loaded, where that is not its fault.
    """

    name: str
    distribution: str
    version: str
    problem: str | None = None
    refusal: str | None = None


@frozen
class Offered(Generic[_Offer]):
    """An offer and the plugin that makes it."""

    offer: _Offer
    plugin: PluginRecord


class PluginHost:
    """The plugins of an environment and what they offer.

    ``admission`` is asked for, once, when the first plugin is about to be loaded.
    """

    def __init__(
        self,
        points: "Iterable[EntryPoint]",
        admission: Callable[[], Admission] = lambda: EVERYTHING,
    ) -> None:
        self._points = points
        self._decide = admission
        self._records: dict[str, PluginRecord] = {}

    @classmethod
    def installed(cls, admission: Callable[[], Admission] = lambda: EVERYTHING) -> Self:
        """Give the plugins of all installed distributions, our own among them."""
        return cls(_installed(), admission)

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """All plugins found, the broken ones too."""
        self._loaded  # noqa: B018 - loads them
        return tuple(self._records.values())

    @property
    def absent(self) -> list[str]:
        """What is allowed and not installed, as ``NAME==DISTRIBUTION``."""
        installed = [(r.name, r.distribution) for r in self.records]
        return self._admission.absent(installed)

    @cached_property
    def _admission(self) -> Admission:
        return self._decide()

    @cached_property
    def _loaded(self) -> "PluginManager":
        """The manager of all plugins, which are loaded now.

        Raises RubricError for a list of allowed plugins that cannot be.
        """
        from pluggy import PluginManager

        from rubricdsl.plugins.specs import PROJECT, HookSpecs

        manager = PluginManager(PROJECT)
        manager.add_hookspecs(HookSpecs)
        points = list(self._points)
        self._admission.check([(p.name, _origin(p)[0]) for p in points])
        for point in points:
            self._load(point, manager)
        return manager

    def _load(self, point: "EntryPoint", manager: "PluginManager") -> None:
        distribution, version = _origin(point)
        # A distribution installed twice over (editable and not) lists itself twice.
        known = self._records.get(point.name)
        if known is not None and known.distribution == distribution:
            return
        key = point.name if known is None else f"{point.name} ({distribution})"
        problem = None
        refusal = self._admission.refusal(point.name, distribution)
        if refusal is not None:
            pass
        elif known is not None and known.refusal is None:
            problem = f"`{point.name}` is already the plugin of {known.distribution}"
        elif (problem := _mismatch(point)) is None:
            try:
                _register(point, key, manager)
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything
                problem = f"{type(error).__name__}: {error}"
        self._records[key] = PluginRecord(
            point.name, distribution, version, problem, refusal
        )

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
        self,
        what: str,
        hook: str,
        name_of: Callable[[_Offer], str],
    ) -> dict[str, Offered[_Offer]]:
        """Collect the offers of one hook; a plugin that fails offers nothing."""
        from rubricdsl.plugins.specs import offer_type

        type_ = offer_type(hook)
        found: dict[str, Offered[_Offer]] = {}
        for implementation in getattr(self._loaded.hook, hook).get_hookimpls():
            record = self._records[implementation.plugin_name]
            try:
                offers: Sequence[_Offer] = implementation.function()
                named = [(name_of(_checked(offer, type_)), offer) for offer in offers]
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything
                problem = f"{hook}: {type(error).__name__}: {error}"
                self._records[implementation.plugin_name] = evolve(
                    record, problem=problem
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


def _origin(point: "EntryPoint") -> tuple[str, str]:
    """Give the name and the version of the distribution that an entry point is of."""
    if point.dist is None:
        return "unknown", "unknown"
    return point.dist.name, point.dist.version


def _mismatch(point: "EntryPoint") -> str | None:
    """Say why the distribution of a plugin does not go with this core, if so."""
    if point.dist is None or point.dist.name == OWN:
        return None
    from importlib.metadata import version

    from rubricdsl.plugins.compatibility import unmet_requirement

    core = version(OWN)
    unmet = unmet_requirement(point.dist.requires or (), OWN, core)
    return f"it needs {unmet}, and this is {core}" if unmet else None


def _register(point: "EntryPoint", key: str, manager: "PluginManager") -> None:
    plugin = point.load()
    manager.register(plugin, key)
    try:
        # Without this, a misspelled hook would just never be called.
        manager.check_pending()
        _check_hooks(manager.get_hookcallers(plugin))
    except Exception:
        manager.unregister(plugin)
        raise


def _check_hooks(hooks: "Sequence[HookCaller] | None") -> None:
    """Raise TypeError for a plugin that does nothing, and was meant to do something."""
    if not hooks:
        message = "it implements no hook; mark its functions with `hookimpl`"
        raise TypeError(message)


def _checked(offer: _Offer, type_: type) -> _Offer:
    """Give an offer back, if it is what its hook offers."""
    if not isinstance(offer, type_):
        message = f"it offers {offer!r:.60}, which is no {type_.__name__}"
        raise TypeError(message)
    return offer


def _name(offer: _Named) -> str:
    return offer.name


def _called(function: "CheckFunction") -> str:
    return function.signature.name
