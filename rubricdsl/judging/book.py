"""Which judge decides which criterion: resolution, from the command line down.

``--judge SPEC`` replaces every judge that a rubric names, ``--judge NAME=SPEC``
only the block NAME; then what ``rub.toml`` says of that name, then the block's own
models, then the default.  A replaced block keeps its instructions and its way of
asking (unless the SPEC has an ``ask``), since those belong to the question, but not
its votes, which belong to the judges.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from attrs import evolve, field, frozen

from rubricdsl.diagnostics import RubricError, fail
from rubricdsl.judging.config import JudgeEntry, ProjectConfig
from rubricdsl.judging.environment import ConsultedEnvironment
from rubricdsl.judging.options import ENGINE_OPTIONS, OptionValue
from rubricdsl.judging.panels import (
    DEFAULT_CONCURRENCY,
    DEFAULT_TIMEOUT,
    Judge,
    Panel,
)
from rubricdsl.judging.spec import find_offer, parse_model
from rubricdsl.model.protocols import (
    JudgeBackendOffer,
    JudgeSettings,
    JudgeWrapperOffer,
)
from rubricdsl.model.rubric import Ask, BoundRubric, JudgeSpec, VoteRule
from rubricdsl.model.source import Span

_NO_OVERRIDES: Mapping[str, JudgeSettings] = MappingProxyType({})
_NO_JUDGE_HINT = (
    "name one with --judge SPEC or RUB_JUDGE, or install the embedded one: "
    'pip install "rubricdsl[presence]"'
)


@frozen(kw_only=True)
class JudgeChoice:
    """What was chosen outside the rubric.

    ``override`` replaces every judge, ``overrides`` those blocks; ``default`` is
    for criteria that name none.  ``overrides_from`` and ``default_from`` say where
    these were named.
    ``concurrency`` holds where a judge says nothing;
    where that does neither, it is found out.
    """

    override: JudgeSettings | None = None
    overrides: Mapping[str, JudgeSettings] = _NO_OVERRIDES
    default: JudgeSettings | None = None
    overrides_from: str = ""
    default_from: str = ""
    concurrency: int | None = None


@frozen
class _Draft:
    """A panel before its backends are made; where they are named, too."""

    members: tuple[JudgeSettings, ...]
    block: JudgeSpec
    entry: JudgeEntry | None = None
    span: Span | None = field(default=None, kw_only=True)
    origin: str = field(default="", kw_only=True)


class JudgeBook:
    """Makes the judges that rubrics ask for, each once, and closes them.

    ``offers`` are the installed backends by name, ``distributions`` tells which
    distribution offers each.  ``wrappers`` are put around the backends of judges
    that have their options, the first of them innermost.  Where judges are not
    ``asked``, they are made to tell what requests would take, and need no keys.
    """

    def __init__(  # noqa: PLR0913 - all that comes from outside, by name
        self,
        offers: Mapping[str, JudgeBackendOffer],
        *,
        environ: Mapping[str, str],
        choice: JudgeChoice,
        config: ProjectConfig | None = None,
        distributions: Mapping[str, str] | None = None,
        wrappers: Sequence[JudgeWrapperOffer] = (),
        asked: bool = True,
    ) -> None:
        self._offers = offers
        self._environ = ConsultedEnvironment(environ)
        self._choice = choice
        self._config = config or ProjectConfig()
        self._distributions = distributions or {}
        self._wrappers = wrappers
        self._asked = asked
        self._judges: dict[tuple[object, ...], Judge] = {}
        self._panels: dict[tuple[str | None, JudgeSpec | None], Panel] = {}

    def panel(self, rubric: BoundRubric, name: str | None) -> Panel:
        """Give the panel for criteria of ``rubric`` whose judge is ``name``.

        Raises:
            RubricError: D201, D202, D203, D205 or D207 where it cannot be had.
        """
        block = next((spec for spec in rubric.judges if spec.name == name), None)
        key = (name, block)
        if key not in self._panels:
            self._panels[key] = self._make(name, block)
        return self._panels[key]

    @property
    def files(self) -> Iterator[str]:
        """The files that judges read, and what could be the name of one."""
        for judge in self._judges.values():
            if judge.settings.model:
                yield judge.settings.model
            if "calibration" in judge.settings.options:
                yield str(judge.settings.options["calibration"])

    @property
    def consulted(self) -> frozenset[str]:
        """The environment variables that judges were made with, by name."""
        return self._environ.consulted

    async def close(self) -> None:
        """Close every backend that was made; all are closed, whatever one raises.

        Raises:
            RubricError: where all that went wrong is of that kind.
        """
        judges, self._judges = list(self._judges.values()), {}
        self._panels.clear()
        errors: list[Exception] = []
        for judge in judges:
            try:
                await judge.backend.close()
            except Exception as error:  # noqa: BLE001 - raised below, together
                errors.append(error)
        refused = [error for error in errors if isinstance(error, RubricError)]
        if errors and len(refused) == len(errors):
            # A file that could not be written, of a judge that keeps its own.
            raise RubricError(d for error in refused for d in error.diagnostics)
        if errors:
            raise ExceptionGroup("judges that could not be closed", errors)

    # ------------------------------------------------------------ resolution

    def _make(self, name: str | None, block: JudgeSpec | None) -> Panel:
        draft = self._draft(name, block)
        block, entry = draft.block, draft.entry
        options = self._shared_options(draft)
        judges = tuple(
            self._judge(settings, options, draft) for settings in draft.members
        )
        asks = [settings.options.get("ask") for settings in draft.members]
        ask = next((a for a in (*asks, options.get("ask")) if a), block.ask)
        panel = Panel(
            members=judges,
            ask=Ask(str(ask)),
            votes=block.votes,
            rule=block.rule,
            skip_failed=block.skip_failed,
            instructions=block.instructions,
        )
        if entry is None:
            return panel
        rule = entry.rule or panel.rule
        votes = entry.votes or panel.votes
        return evolve(
            panel,
            votes=1 if rule is VoteRule.CASCADE else votes,
            rule=rule,
            decisive=entry.decisive or panel.decisive,
            skip_failed=(
                panel.skip_failed if entry.skip_failed is None else entry.skip_failed
            ),
        )

    def _draft(self, name: str | None, block: JudgeSpec | None) -> _Draft:
        bare = block or JudgeSpec(name or "")
        origin = self._choice.overrides_from
        if self._choice.override is not None:
            return self._replaced(self._choice.override, bare, origin)
        replacement = self._choice.overrides.get(name) if name is not None else None
        if replacement is not None:
            return self._replaced(replacement, bare, origin and f"{origin} {name}=")
        entry = self._config.judges.get(name) if name is not None else None
        if entry is not None and entry.members:
            return _of_entry(entry, bare)
        if bare.models:
            members = tuple(parse_model(m, span=bare.span) for m in bare.models)
            origin = f"named by the judge block `{bare.name}`"
            return _Draft(members, bare, entry, span=bare.span, origin=origin)
        default = self._choice.default
        if default is None:
            fail(
                "D205",
                f"no judge is given for `{name}`"
                if name is not None
                else "no judge is given",
                hint=_NO_JUDGE_HINT,
                span=bare.span if block else None,
            )
        origin = self._choice.default_from
        return self._named(default, bare) or _Draft(
            (default,), bare, entry, origin=origin
        )

    def _replaced(
        self, settings: JudgeSettings, block: JudgeSpec, origin: str
    ) -> _Draft:
        """Put a SPEC in place of a block's judges."""
        block = evolve(
            block,
            models=(),
            votes=1,
            rule=VoteRule.MAJORITY,
            skip_failed=False,
            temperature=None,
            max_tokens=None,
        )
        return self._named(settings, block) or _Draft((settings,), block, origin=origin)

    def _named(self, settings: JudgeSettings, block: JudgeSpec) -> _Draft | None:
        """Look a SPEC up that is the name of a judge in rub.toml."""
        entry = None if settings.model else self._config.judges.get(settings.backend)
        if entry is None or not entry.members:
            return None
        options = {**entry.options, **settings.options}
        return _of_entry(evolve(entry, options=options), block)

    def _shared_options(self, draft: _Draft) -> dict[str, OptionValue]:
        options: dict[str, OptionValue] = {}
        if draft.block.temperature is not None:
            options["temperature"] = draft.block.temperature
        if draft.block.max_tokens is not None:
            options["max_tokens"] = draft.block.max_tokens
        if draft.entry is not None:
            options.update(draft.entry.options)
        return options

    def _judge(
        self,
        settings: JudgeSettings,
        shared: Mapping[str, OptionValue],
        draft: _Draft,
    ) -> Judge:
        besides = {name for wrapper in self._wrappers for name in wrapper.options}
        offer = find_offer(
            settings,
            self._offers,
            besides=besides,
            span=draft.span,
            origin=draft.origin,
        )
        known = {*ENGINE_OPTIONS, *offer.options, *besides}
        # What is said of several judges, or of any that may come, holds for those
        # that know it: a backend without a temperature is asked without one.
        options = {
            **{name: value for name, value in shared.items() if name in known},
            **settings.options,
        }
        timeout = float(options.pop("timeout", DEFAULT_TIMEOUT))
        wanted = options.pop("concurrency", self._choice.concurrency)
        concurrency = DEFAULT_CONCURRENCY if wanted is None else int(wanted)
        canaries = bool(options.get("canaries", False))
        if not canaries:
            options.pop("canaries", None)
        options.pop("ask", None)
        around = {name: options.pop(name) for name in besides & options.keys()}
        inner = evolve(settings, options={**options, "concurrency": concurrency})
        if offer.resolve is not None:
            inner = offer.resolve(inner, self._environ)
        wrappers = [w for w in self._wrappers if around.keys() & set(w.options)]
        settings = evolve(inner, options={**inner.options, **around})
        for wrapper in wrappers:
            if wrapper.resolve is not None:
                settings = wrapper.resolve(settings, self._environ)
        key = (
            settings.backend,
            settings.model,
            tuple(sorted(settings.options.items())),
            timeout,
        )
        judge = self._judges.get(key)
        if judge is None:
            create = offer.create
            if offer.estimator is not None and not self._asked:
                create = offer.estimator
            backend = create(inner, self._environ)
            for wrapper in wrappers:
                backend = wrapper.wrap(backend, settings, self._environ)
            at_once = backend.capabilities.at_once or concurrency
            judge = Judge(
                settings=settings,
                backend=backend,
                timeout=timeout,
                concurrency=min(concurrency, at_once),
                adaptive=wanted is None,
                canaries=canaries,
                distribution=self._distributions.get(offer.name, offer.name),
            )
            self._judges[key] = judge
        return judge


def _of_entry(entry: JudgeEntry, block: JudgeSpec) -> _Draft:
    origin = f"named by [judges.{entry.name}] in rub.toml"
    if len(entry.members) > 1:
        return _Draft(entry.members, block, entry, span=entry.span, origin=origin)
    (member,) = entry.members
    member = evolve(member, options={**entry.options, **member.options})
    bare = evolve(entry, options={})
    return _Draft((member,), block, bare, span=entry.span, origin=origin)
