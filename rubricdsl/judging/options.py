"""Options of a judge: which there are, what each means, and the type of its value."""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias
from urllib.parse import urlsplit

from attrs import frozen

from rubricdsl.diagnostics.secrets import is_secret_option, looks_secret
from rubricdsl.model.rubric import Ask

OptionValue: TypeAlias = str | float | bool


class OptionError(ValueError):
    """An option whose value is not right; the text says what it must be."""


class SecretError(OptionError):
    """An option that is, or holds, a secret."""


def check_option(name: str, value: object) -> OptionValue:
    """Give the value of a judge option in its type.

    Text is read as the type that the option has; options that only a plugin
    knows become a number or a truth value where they look like one.

    Raises:
        SecretError: for secrets; the text repeats nothing of the value.
        OptionError: for a value of the wrong type.
    """
    if is_secret_option(name) or (isinstance(value, str) and looks_secret(value)):
        raise SecretError(f"`{name}` holds a secret")
    known = OPTIONS.get(name)
    return _any(value) if known is None else known.read(value)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Give a hint that names the nearest of the known names, or all of them."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known are {', '.join(names)}" if names else "there are none"


def _any(value: object) -> OptionValue:
    if isinstance(value, bool | str):
        if value == "true":
            return True
        if value == "false":
            return False
        if isinstance(value, bool) or not _NUMBER.fullmatch(value):
            return value
    return _number(value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise OptionError("must be a number")
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise OptionError(f"must be a number, not {value!r}")
    number = float(value)
    if not math.isfinite(number):
        raise OptionError("must be a finite number")
    return number


_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)


def _between(low: float, high: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        number = _number(value)
        if not low <= number <= high:
            raise OptionError(f"must be from {low:g} to {high:g}, not {number:g}")
        return number

    return read


def _whole(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        number = _number(value)
        if number != int(number) or not low <= number <= high:
            raise OptionError(
                f"must be a whole number from {low} to {high}, not {number:g}"
            )
        return int(number)

    return read


def _ask(value: object) -> str:
    if not isinstance(value, str) or value not in set(Ask):
        raise OptionError("must be `together` or `each`")
    return value


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in {1, "1", "true", "yes"}:
        return True
    if value in {0, "0", "false", "no"}:
        return False
    raise OptionError("must be true or false")


def _address(value: object) -> str:
    if not isinstance(value, str):
        raise OptionError("must be an address such as http://127.0.0.1:8080/v1")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise OptionError(f"is no address: {error}") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise OptionError("must begin with http:// or https:// and name a host")
    if parts.query or parts.fragment:
        raise OptionError("must have neither ? nor #")
    return value.rstrip("/")


def _variable(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_]\w*", value):
        raise OptionError("must be the name of an environment variable")
    return value


def _file(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise OptionError("must be the name of a file")
    return value


@frozen(kw_only=True)
class Option:
    """An option of judges: what it takes, and what it means to a user.

    ``default`` says what holds where it is not given.  One that is ``engine``'s is
    taken by every judge; one that is ``incidental`` changes how a verdict is had, and
    not what it is (of a calibration, what the file holds counts, and not its name).
    """

    name: str
    values: str
    default: str
    meaning: str
    read: Callable[[object], OptionValue]
    engine: bool = False
    incidental: bool = False


_PRICE = _between(0, 1_000_000)
OPTIONS: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option(
            name="ask",
            values="together or each",
            default="what the judge block says, else together",
            meaning="all questions about a response in one request, or each in its own",
            read=_ask,
            engine=True,
        ),
        Option(
            name="timeout",
            values="seconds",
            default="120",
            meaning="the time for one question, with all its retries",
            read=_between(0.001, 86_400),
            engine=True,
            incidental=True,
        ),
        Option(
            name="concurrency",
            values="1 to 10000",
            default="found out, up to 64",
            meaning="how many requests may be in flight at once",
            read=_whole(1, 10_000),
            engine=True,
            incidental=True,
        ),
        Option(
            name="canaries",
            values="true or false",
            default="false",
            meaning="asks statements with known answers along; a wrong answer makes a "
            "row suspect",
            read=_truth,
            engine=True,
        ),
        Option(
            name="base_url",
            values="address",
            default="the backend's variable, as OPENAI_BASE_URL, else its service",
            meaning="where the server is, as in http://127.0.0.1:8080/v1",
            read=_address,
        ),
        Option(
            name="temperature",
            values="0 to 5",
            default="what the judge block says, else 0",
            meaning="how freely the model draws its words",
            read=_between(0, 5),
        ),
        Option(
            name="max_tokens",
            values="whole number",
            default="what the judge block says, else the server's or backend's",
            meaning="how long a reply may be",
            read=_whole(1, 10_000_000),
        ),
        Option(
            name="api_key_env",
            values="name of a variable",
            default="the backend's variable, as OPENAI_API_KEY",
            meaning="the environment variable that holds the key",
            read=_variable,
            incidental=True,
        ),
        Option(
            name="price_prompt",
            values="number",
            default="not known",
            meaning="what a million tokens to read cost, for `rub plan` and --max-cost",
            read=_PRICE,
            incidental=True,
        ),
        Option(
            name="price_completion",
            values="number",
            default="not known",
            meaning="what a million tokens to write cost",
            read=_PRICE,
            incidental=True,
        ),
        Option(
            name="calibration",
            values="file",
            default="none",
            meaning="corrects probabilities by what `rub judges --calibrate` wrote",
            read=_file,
            incidental=True,
        ),
    )
}
ENGINE_OPTIONS = tuple(option.name for option in OPTIONS.values() if option.engine)
INCIDENTAL_OPTIONS = frozenset(
    option.name for option in OPTIONS.values() if option.incidental
)
