"""From a SPEC to a proposer: a chat model, a plugin's own, or a judge in ``rub.toml``.

A SPEC is written as a judge's: ``openai:gpt-4.1?base_url=…``, ``scripted:FILE``, or
the bare name of a judge in ``rub.toml`` that is one chat model.  Keys come from the
environment only.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from attrs import evolve, frozen

from rubricdsl.diagnostics import fail
from rubricdsl.judging.config import JudgeEntry, ProjectConfig
from rubricdsl.judging.options import (
    ENGINE_OPTIONS,
    INCIDENTAL_OPTIONS,
    OptionValue,
    did_you_mean,
)
from rubricdsl.judging.redaction import Redactor
from rubricdsl.judging.spec import parse_spec
from rubricdsl.model.chat import ChatModelOffer
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.refinement import Attacker, Proposer
from rubricdsl.plugins.host import Offered, PluginHost
from rubricdsl.refinement.proposing.carrying import (
    DEFAULT_CONCURRENCY,
    DEFAULT_TIMEOUT,
    Carrier,
)
from rubricdsl.refinement.proposing.chat import ChatProposer
from rubricdsl.refinement.proposing.prompting import ProposalWriter, template_digest

# The engine's options that mean something where nobody judges.
_CARRIED = ("timeout", "concurrency")


@frozen(kw_only=True)
class Resolved:
    """A proposer that is ready.

    ``identity`` is the digest of all that decides what it answers, as far as its
    settings tell.  ``attacker`` is the proposer itself where it can attack, too.
    Whoever has it closes the proposer.
    """

    name: str
    identity: str
    proposer: Proposer

    @property
    def attacker(self) -> Attacker | None:
        """The same as an attacker; None where it is none."""
        return self.proposer if isinstance(self.proposer, Attacker) else None


@runtime_checkable
class Identified(Protocol):
    """A proposer that depends on more than its settings, such as a file's content."""

    @property
    def identity(self) -> str:
        """Digest of all that decides what it answers."""
        ...


def resolve_proposer(
    spec: str,
    *,
    host: PluginHost,
    environ: Mapping[str, str],
    config: ProjectConfig | None = None,
    seed: int = 0,
) -> Resolved:
    """Find and make the proposer that a SPEC names; ``seed`` makes waits random.

    Raises:
        RubricError: D201 where nothing of that name can propose, D202 for a SPEC that
            makes no sense, D203 for options, D204 for a secret, D205 for one that is
            not ready, D206 for a script that cannot be read.
    """
    settings, shared = _looked_up(parse_spec(spec, what="the proposer SPEC"), config)
    models, proposers = host.chat_models, host.proposers
    if settings.backend in models:
        variables = config.key_variables if config is not None else ()
        redact = Redactor.of_environment(environ, variables)
        offered = models[settings.backend]
        return _chat(
            settings, offered, environ, shared=shared, redact=redact, seed=seed
        )
    if settings.backend not in proposers:
        known = [*models, *proposers]
        fail(
            "D201",
            f"nothing called `{settings.backend}` can propose",
            hint=f"{did_you_mean(settings.backend, known)}; a judge in rub.toml can "
            "where its backend is a chat model",
        )
    offer = proposers[settings.backend].offer
    settings = _with_options(settings, shared, offer.options)
    proposer = offer.create(settings, environ)
    own = proposer.identity if isinstance(proposer, Identified) else ""
    return Resolved(
        name=settings.name, identity=_identity(settings, own), proposer=proposer
    )


def _looked_up(
    settings: JudgeSettings, config: ProjectConfig | None
) -> tuple[JudgeSettings, Mapping[str, OptionValue]]:
    """Give the settings, and the options that rub.toml says of a judge named so."""
    entry: JudgeEntry | None = None
    if config is not None and not settings.model:
        entry = config.judges.get(settings.backend)
    if entry is None or not entry.members:
        return settings, {}
    if len(entry.members) > 1:
        fail(
            "D202",
            f"the judge `{entry.name}` is a panel of {len(entry.members)}, and a "
            "proposer is one model",
            hint="name one of its models, as in openai:gpt-4.1",
            span=entry.span,
        )
    (member,) = entry.members
    options = {**member.options, **settings.options}
    return evolve(member, options=options), entry.options


def _with_options(
    settings: JudgeSettings, shared: Mapping[str, OptionValue], known: tuple[str, ...]
) -> JudgeSettings:
    """Add what holds for a judge of this name, as far as it means anything here."""
    for name in settings.options:
        if name not in known:
            why = " when it proposes" if name in ENGINE_OPTIONS else ""
            fail(
                "D203",
                f"`{settings.backend}` has no option `{name}`{why}",
                hint=did_you_mean(name, known),
            )
    usable = {name: value for name, value in shared.items() if name in known}
    return evolve(settings, options={**usable, **settings.options})


def _chat(  # noqa: PLR0913 - all that a chat model is made of
    settings: JudgeSettings,
    offered: Offered[ChatModelOffer],
    environ: Mapping[str, str],
    *,
    shared: Mapping[str, OptionValue],
    redact: Redactor,
    seed: int,
) -> Resolved:
    offer = offered.offer
    settings = _with_options(settings, shared, (*_CARRIED, *offer.options))
    options = dict(settings.options)
    timeout = float(options.pop("timeout", DEFAULT_TIMEOUT))
    concurrency = int(options.get("concurrency", DEFAULT_CONCURRENCY))
    settings = evolve(settings, options={**options, "concurrency": concurrency})
    if offer.resolve is not None:
        settings = offer.resolve(settings, environ)
    carrier = Carrier(
        offer.create(settings, environ),
        name=settings.name,
        distribution=offered.plugin.distribution,
        timeout=timeout,
        concurrency=concurrency,
        redact=redact,
        seed=seed,
    )
    return Resolved(
        name=settings.name,
        identity=_identity(settings, template_digest()),
        proposer=ChatProposer(carrier, writer=ProposalWriter()),
    )


def _identity(settings: JudgeSettings, more: str) -> str:
    options: dict[str, Plain] = {
        name: value
        for name, value in settings.options.items()
        if name not in INCIDENTAL_OPTIONS
    }
    return digest("proposer", settings.backend, settings.model, options, more)
