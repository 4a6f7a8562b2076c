"""The laws of what a plugin offers, and of how a judge is set up."""

import asyncio
import inspect
import re
import subprocess
import sys
from importlib.metadata import EntryPoint, requires
from importlib.metadata import distribution as find_distribution

import attrs
import pytest

from rubricdsl.diagnostics import RubricError
from rubricdsl.diagnostics.secrets import is_secret_option, looks_secret
from rubricdsl.judging.options import ENGINE_OPTIONS
from rubricdsl.judging.spec import parse_spec
from rubricdsl.plugins.host import PluginHost
from rubricdsl.plugins.specs import PROJECT
from rubricdsl.testing.backend_suite.bench import Bench, Refused
from rubricdsl.testing.backend_suite.laws import (
    broken,
    check_capabilities,
    check_hidden,
    demand,
)
from rubricdsl.testing.backend_suite.subject import SECRET, Subject, forbid_network

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_LONGEST_DESCRIPTION = 100

# Libraries that cost time or memory; none is needed to say what a plugin offers.
_HEAVY = (
    "aiohttp anthropic duckdb google.genai httpx litellm llama_cpp numpy onnxruntime "
    "openai pandas pyarrow ray requests scipy sklearn tokenizers torch transformers "
    "urllib3 xllamacpp"
)

_IMPORT = """\
import socket, sys
def refuse(*_): raise OSError("a plugin that is imported opens no connection")
socket.socket.connect = socket.socket.bind = socket.getaddrinfo = refuse
from importlib import import_module
plugin = import_module(sys.argv[1])
offers = getattr(plugin, "rubricdsl_judge_backends", tuple)()
print(*[name for name in sys.argv[2].split() if name in sys.modules])
"""


class OfferLaws(Subject):
    """Tests of an offer, and of judges of which nothing is asked yet."""

    # ------------------------------------------------------------------- the offer

    def test_it_is_found_by_its_entry_point(self) -> None:
        """`rub` finds plugins by the metadata of what is installed, and not else."""
        points = _entry_points(self.distribution)
        demand(
            points,
            f"{self.distribution} has no entry point in the group `{PROJECT}`: add "
            f"[project.entry-points.{PROJECT}] to its pyproject.toml, and install it",
        )
        host = PluginHost(points)
        problems = [f"{r.name}: {r.problem}" for r in host.records if r.problem]
        offered = host.judge_backends.get(self.offer.name)
        problems += [f"{r.name}: {r.problem}" for r in host.records if r.problem]
        demand(not problems, f"the plugin is broken: {problems[:1]}")
        if offered is None:
            broken(f"none of its hooks offers `{self.offer.name}`")
        demand(
            offered.offer == self.offer,
            f"what its hook offers as `{self.offer.name}` is not the offer tested",
        )

    def test_its_distribution_says_which_cores_it_works_with(self) -> None:
        """Without an upper bound, a later core breaks what is installed today."""
        if self.distribution == PROJECT:
            return
        needed = [
            requirement
            for requirement in requires(self.distribution) or ()
            if re.match(rf"{PROJECT}(?![\w-])", requirement)
        ]
        demand(
            needed and "<" in needed[0] and "==" not in needed[0],
            f"{self.distribution} needs {needed or f'no {PROJECT}'}; declare a range, "
            f"as in `{PROJECT}>=0.1,<0.2`",
        )

    def test_its_name_can_be_typed(self) -> None:
        """The name begins a SPEC, and stands beside the description in lists."""
        name, description = self.offer.name, self.offer.description
        demand(
            _NAME.fullmatch(name) and parse_spec(name).backend == name,
            f"`{name}` is no name for a SPEC: lower case, digits, - and _",
        )
        demand(
            description.strip() == description
            and description.isprintable()
            and 0 < len(description) <= _LONGEST_DESCRIPTION,
            f"the description must be a line of up to {_LONGEST_DESCRIPTION} "
            f"characters, not {description!r}",
        )

    def test_its_options_can_be_typed(self) -> None:
        """Options are those of a SPEC: words that no secret and no engine has."""
        for option in self.offer.options:
            demand(option.isidentifier(), f"`{option}` is no name of an option")
            demand(
                not is_secret_option(option),
                f"`{option}` sounds as if it held a secret; name the environment "
                "variable instead, as `api_key_env` does",
            )
            demand(option not in ENGINE_OPTIONS, f"`{option}` is the engine's")
        demand(
            len(set(self.offer.options)) == len(self.offer.options),
            f"an option is listed twice: {self.offer.options}",
        )

    def test_importing_it_loads_nothing_heavy(self) -> None:
        """All plugins are imported when one is wanted, so each must cost nothing."""
        for point in _entry_points(self.distribution):
            done = subprocess.run(  # noqa: S603 - our own interpreter and code
                [sys.executable, "-c", _IMPORT, point.module, _HEAVY],
                capture_output=True,
                text=True,
                check=False,
            )
            demand(
                done.returncode == 0,
                f"`{point.module}` cannot be imported by itself:\n{done.stderr}",
            )
            demand(
                not done.stdout.strip(),
                f"importing `{point.module}` loads {done.stdout.strip()}; import it "
                "where it is used",
            )

    # ----------------------------------------------------------------- setting it up

    def test_it_is_made_without_a_loop_and_without_network(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Judges are made before anything runs, for `rub plan`, too."""
        forbid_network(monkeypatch)
        backend = bench.create()
        check_capabilities(backend.capabilities)
        demand(isinstance(backend.template, str), f"`template` is {backend.template!r}")
        for method in ("judge", "close"):
            demand(
                inspect.iscoroutinefunction(getattr(backend, method)),
                f"`{method}` must be an `async def`",
            )
        asyncio.run(backend.close())

    def test_what_the_environment_decides_is_decided_once(self, bench: Bench) -> None:
        """Resolved settings are part of every verdict's identity: stable, no secret."""
        resolved = bench.resolved()
        again = attrs.evolve(bench, settings=resolved).resolved()
        demand(again == resolved, f"resolving twice gives {again}, not {resolved}")
        demand(
            dict(again.options) == dict(resolved.options),
            f"resolving twice changes the options to {again.options}",
        )
        demand(
            resolved.backend == bench.settings.backend,
            f"`resolve` renames the backend to {resolved.backend!r}",
        )
        check_hidden(SECRET, [("the resolved settings", repr(resolved))])

    def test_bad_settings_are_refused_with_a_way_out(self, bench: Bench) -> None:
        """A mistake is told before the first request, with its code and a hint."""
        demand(self.refused, "list in `refused` at least one setting that is wrong")
        for bad in self.refused:
            wrong = attrs.evolve(bench, settings=bad.settings, environ=bad.environ)
            try:
                wrong.create()
            except RubricError as error:
                _check_refusal(error, bad)
            except Exception as error:
                message = (
                    f"{bad.settings} raised {type(error).__name__}: {error}, and not "
                    "a RubricError; use `rubricdsl.diagnostics.fail`"
                )
                raise AssertionError(message) from error
            else:
                broken(f"{bad.settings} made a judge, and should be {bad.code}")


def _entry_points(distribution: str) -> list[EntryPoint]:
    points = find_distribution(distribution).entry_points
    return list(points.select(group=PROJECT))


def _check_refusal(error: RubricError, bad: Refused) -> None:
    for diagnostic in error.diagnostics:
        demand(
            diagnostic.code == bad.code,
            f"{bad.settings} gives {diagnostic.code}, not {bad.code}: "
            f"{diagnostic.message}",
        )
        demand(
            diagnostic.hint.strip(),
            f"{diagnostic.code} of {bad.settings} has no hint: say the way out",
        )
        demand(
            not looks_secret(f"{diagnostic.message} {diagnostic.hint}"),
            f"{diagnostic.code} of {bad.settings} repeats a secret",
        )
