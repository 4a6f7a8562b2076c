"""What ``rub.toml`` says: who gives the judgements that rubrics ask for.

::

    [judges.careful]
    backend = "openai"
    model = "gpt-4.1-mini"
    base_url = "http://127.0.0.1:8080/v1"

    calibration = "careful.json"

    [judges.panel]
    models = ["openai/gpt-5-mini", "anthropic/claude-haiku-4.5"]
    rule = "unanimous"
    on_error = "skip"

    [judges.thrifty]
    models = ["decisions/jev-latest", "openai/gpt-5-mini"]
    rule = "cascade"
    decisive = [0.05, 0.9]

    [plugins]
    allow = ["presence==rubricdsl-presence"]

A cascade asks its models one after the other, as long as the probability of yes lies
between the two numbers.  Without ``allow`` every plugin that is installed may be
loaded; with it, those that are listed by name and distribution, and the core's own.  A
calibration is named from the folder of ``rub.toml``.  Options that only a plugin knows
stand in a table ``[judges.NAME.options]``.  Tables beside these two belong to other
tools and are left alone.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

from attrs import field, frozen

from rubricdsl.diagnostics import fail
from rubricdsl.diagnostics.secrets import is_secret_option, looks_secret
from rubricdsl.judging.cascades import Decisive
from rubricdsl.judging.options import (
    OPTIONS,
    OptionError,
    OptionValue,
    SecretError,
    check_option,
    did_you_mean,
)
from rubricdsl.judging.spec import KEYS_HINT, parse_model
from rubricdsl.model.protocols import JudgeSettings
from rubricdsl.model.rubric import VoteRule
from rubricdsl.model.source import ARGUMENTS, Span
from rubricdsl.plugins.admission import Admission

FILE_NAME = "rub.toml"

_OWN = ("backend", "model", "models", "votes", "rule", "on_error", "decisive")
_MOST_VOTES = 100


@frozen(kw_only=True)
class JudgeEntry:
    """A table ``[judges.NAME]``: what it leaves open, the judge block says.

    ``members`` are empty where the table only sets options for the models that
    the block names.
    """

    name: str
    members: tuple[JudgeSettings, ...] = ()
    options: Mapping[str, OptionValue] = field(factory=dict, hash=False)
    votes: int | None = None
    rule: VoteRule | None = None
    skip_failed: bool | None = None
    decisive: Decisive | None = None
    span: Span


@frozen(kw_only=True)
class ProjectConfig:
    """A ``rub.toml``; ``allow`` is None where every plugin is allowed.

    ``allow_span`` is where it says so.
    """

    judges: Mapping[str, JudgeEntry] = field(factory=dict, hash=False)
    allow: tuple[str, ...] | None = None
    path: Path | None = None
    allow_span: Span = ARGUMENTS

    @property
    def admission(self) -> Admission:
        """Which plugins may be loaded."""
        origin = f"not allowed by {self.path or FILE_NAME}"
        return Admission(allow=self.allow, origin=origin, span=self.allow_span)

    @property
    def key_variables(self) -> tuple[str, ...]:
        """The environment variables that are named as holding keys."""
        names = (e.options.get("api_key_env") for e in self.judges.values())
        return tuple(str(name) for name in names if name is not None)


def find_config(start: Path) -> Path | None:
    """Give the nearest ``rub.toml`` from ``start`` upward, if there is one."""
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if (path := candidate / FILE_NAME).is_file():
            return path
    return None


def read_config(path: Path) -> ProjectConfig:
    """Read a ``rub.toml``.

    Raises:
        RubricError: D301 where the file or a table has the wrong form, D203 for
            an unknown key or a value of the wrong type, D204 for a secret.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        fail("D101", f"{path} cannot be read: {reason}", hint="check the path")
    except UnicodeDecodeError as error:
        fail(
            "D301",
            f"{path} is not UTF-8 at byte {error.start}",
            hint="save it as UTF-8",
        )
    return parse_config(text, path=path)


def parse_config(text: str, *, path: Path) -> ProjectConfig:
    """Read the text of a ``rub.toml``; raises as `read_config` does."""
    source = _Source(str(path), text)
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        source.refuse_toml(str(error))
    judges = tables.get("judges", {})
    if not isinstance(judges, dict):
        source.fail(
            "D301", "`judges` is no table", key="judges", hint="write [judges.NAME]"
        )
    plugins = tables.get("plugins", {})
    if not isinstance(plugins, dict):
        source.fail(
            "D301", "`plugins` is no table", key="plugins", hint="write [plugins]"
        )
    return ProjectConfig(
        judges={name: _entry(name, table, source) for name, table in judges.items()},
        allow=_allow(plugins, source),
        path=path,
        allow_span=source.span("allow", "plugins"),
    )


@frozen
class _Source:
    """The text, to find the line of a key (tomllib does not tell)."""

    file: str
    text: str

    def span(self, key: str, table: str | None = None) -> Span:
        current: str | None = None
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := re.match(r"\s*\[+\s*([^\]]*?)\s*\]", line):
                current = re.sub(r"[\s\"']", "", header[1])
                if current in {key, f"{table}.{key}"}:
                    return Span(self.file, number, 1, number, len(line) + 1)
            if current == table and (
                assignment := re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line)
            ):
                column = len(line) - len(line.lstrip()) + 1
                end = assignment.end() + 1
                return Span(self.file, number, column, number, end)
        return Span(self.file, 1, 1, 1, 1)

    def fail(
        self, code: str, message: str, *, key: str, hint: str, table: str | None = None
    ) -> NoReturn:
        fail(code, message, hint=hint, span=self.span(key, table))

    def refuse_toml(self, message: str) -> NoReturn:
        place = re.search(r"\(at line (\d+), column (\d+)\)", message)
        # Without a place, it is the end of the document.
        last = max(self.text.rstrip().count("\n") + 1, 1)
        line, column = (int(place[1]), int(place[2])) if place else (last, 1)
        # The message may quote the text, which may be a key.
        reason = message.partition(" (at ")[0]
        fail(
            "D301",
            "no TOML" if looks_secret(reason) else f"no TOML: {reason}",
            hint="see https://toml.io for the syntax",
            span=Span(self.file, line, column, line, column + 1),
        )


def _entry(name: str, table: object, source: _Source) -> JudgeEntry:
    place = f"judges.{name}"
    span = source.span(place)
    if not isinstance(table, dict):
        source.fail(
            "D301",
            f"`{place}` is no table",
            key=name,
            table="judges",
            hint=f"write [{place}]",
        )
    own = {key: table[key] for key in _OWN if key in table}
    options: dict[str, OptionValue] = {}
    for key, value in table.items():
        if key in own and not (isinstance(value, str) and looks_secret(value)):
            continue
        if key not in (*_OWN, *OPTIONS) and not is_secret_option(key):
            # A plugin's own options stand in a table of their own.
            if key == "options" and isinstance(value, dict):
                for option, inner in value.items():
                    options[option] = _option(option, inner, f"{place}.options", source)
                continue
            source.fail(
                "D203",
                f"`{place}` has no key `{key}`",
                key=key,
                table=place,
                hint=did_you_mean(key, (*_OWN, *OPTIONS, "options")),
            )
        options[key] = _option(key, value, place, source)
    return JudgeEntry(
        name=name,
        members=_members(own, place, source),
        options=options,
        votes=_votes(own.get("votes"), place, source),
        rule=_rule(own.get("rule"), place, source),
        skip_failed=_skip(own.get("on_error"), place, source),
        decisive=_decisive(own, place, source),
        span=span,
    )


def _option(key: str, value: object, place: str, source: _Source) -> OptionValue:
    try:
        option = check_option(key, value)
    except SecretError:
        source.fail(
            "D204",
            f"`{key}` in [{place}] holds a secret",
            key=key,
            table=place,
            hint=KEYS_HINT,
        )
    except OptionError as error:
        source.fail(
            "D203",
            f"`{key}` in [{place}] {error}",
            key=key,
            table=place,
            hint="correct the value",
        )
    if key == "calibration":
        return str(Path(source.file).parent / str(option))
    return option


def _members(
    own: Mapping[str, object], place: str, source: _Source
) -> tuple[JudgeSettings, ...]:
    backend, model, models = (own.get(k) for k in ("backend", "model", "models"))
    for key in ("backend", "model"):
        if not isinstance(own.get(key, ""), str):
            _wrong(key, "must be a text", place, source)
    if models is not None:
        if backend is not None or model is not None:
            _wrong("models", "stands beside `backend` or `model`", place, source)
        texts = models if isinstance(models, list) else []
        if not texts or not all(isinstance(text, str) for text in texts):
            _wrong("models", 'must be a list of "BACKEND/MODEL"', place, source)
        span = source.span("models", place)
        return tuple(parse_model(text, span=span) for text in texts)
    if backend is None:
        if model is not None:
            _wrong("model", "stands without `backend`", place, source)
        return ()
    return (JudgeSettings(backend=str(backend), model=str(model or "")),)


def _votes(value: object, place: str, source: _Source) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        _wrong("votes", "must be a whole number", place, source)
    if not 1 <= value <= _MOST_VOTES:
        _wrong("votes", f"must be from 1 to {_MOST_VOTES}", place, source)
    return value


def _rule(value: object, place: str, source: _Source) -> VoteRule | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in set(VoteRule):
        _wrong("rule", f"must be one of {', '.join(VoteRule)}", place, source)
    return VoteRule(value)


def _skip(value: object, place: str, source: _Source) -> bool | None:
    if value not in (None, "stop", "skip"):
        _wrong("on_error", "must be `stop` or `skip`", place, source)
    return None if value is None else value == "skip"


def _decisive(
    own: Mapping[str, object], place: str, source: _Source
) -> Decisive | None:
    rule, value = own.get("rule"), own.get("decisive")
    if rule == VoteRule.CASCADE and own.get("votes", 1) != 1:
        _wrong("votes", "must be 1: a cascade asks each judge once", place, source)
    if value is None:
        return None
    if rule not in {None, VoteRule.CASCADE}:
        _wrong("decisive", 'is for `rule = "cascade"`', place, source)
    match value:
        case [int() | float() as no, int() | float() as yes] if 0 <= no <= yes <= 1:
            return Decisive(float(no), float(yes))
        case _:
            message = "must be two probabilities of yes, as in [0.1, 0.9]"
    return _wrong("decisive", message, place, source)


def _wrong(key: str, message: str, place: str, source: _Source) -> NoReturn:
    source.fail(
        "D203",
        f"`{key}` in [{place}] {message}",
        key=key,
        table=place,
        hint="correct or remove it",
    )


def _allow(plugins: Mapping[str, object], source: _Source) -> tuple[str, ...] | None:
    for key in plugins:
        if key != "allow":
            source.fail(
                "D203",
                f"`plugins` has no key `{key}`",
                key=key,
                table="plugins",
                hint=did_you_mean(key, ["allow"]),
            )
    allow = plugins.get("allow")
    if allow is None:
        return None
    entries: Iterable[object] = allow if isinstance(allow, list) else [None]
    names = [e for e in entries if isinstance(e, str) and _ALLOWED.fullmatch(e)]
    if not isinstance(allow, list) or len(names) < len(allow):
        source.fail(
            "D203",
            "`allow` in [plugins] must be a list of texts",
            key="allow",
            table="plugins",
            hint='write ["name==distribution"], as in ["presence==rubricdsl-presence"]',
        )
    return tuple(names)


_ALLOWED = re.compile(r"[\w.-]+==[\w.-]+")
