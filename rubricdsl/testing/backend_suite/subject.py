"""The judge that a suite is about: what it is, and how one that works is made."""

import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, NoReturn

import attrs
import pytest

from rubricdsl.model.protocols import JudgeBackendOffer, JudgeSettings
from rubricdsl.testing.backend_suite.bench import Bench, Refused
from rubricdsl.testing.backend_suite.laws import broken
from rubricdsl.testing.backend_suite.prompts import marked_templates

SECRET = "kit-Zq7xW2pLr9-conformance-Vb4nTd8s"  # noqa: S105 - opens nothing
_SOUNDS_SECRET = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD)(?:$|_)")


class Subject:
    """What a plugin's author says of a judge, and what can be overridden."""

    distribution: ClassVar[str]
    offer: ClassVar[JudgeBackendOffer]
    settings: ClassVar[JudgeSettings]
    environ: ClassVar[Mapping[str, str]] = {}
    refused: ClassVar[Sequence[Refused]] = ()

    # ------------------------------------------------------ what can be overridden

    def settings_in(self, folder: Path, /) -> JudgeSettings:
        """Give the settings of a working judge, which may have files in a folder."""
        del folder
        return self.settings

    @contextmanager
    def other_prompt(self) -> Iterator[None]:
        """Add `MARK` to the prompt that judges send which are made in the meantime.

        By default it is added to the core's own templates, which `PromptWriter`
        fills in.
        """
        with marked_templates():
            yield

    @pytest.fixture
    def bench(self, tmp_path: Path) -> Bench:
        """Set up what works; where that needs a server, it runs for as long."""
        bench = Bench(
            offer=self.offer,
            settings=self.settings_in(tmp_path),
            environ=self._environ(),
        )
        return attrs.evolve(bench, by_name=bench.capabilities().by_name)

    def _environ(self) -> Mapping[str, str]:
        """Give the environment, each variable that sounds secret with our secret."""
        secret = {n: SECRET for n in self.environ if _SOUNDS_SECRET.search(n)}
        return {**self.environ, **secret}


def forbid_network(patch: pytest.MonkeyPatch) -> None:
    """Let nothing be looked up and nobody be connected to."""

    def refuse(*_: object, **__: object) -> NoReturn:
        broken("it opens a connection before it is asked anything")

    patch.setattr(socket.socket, "connect", refuse)
    patch.setattr(socket, "create_connection", refuse)
    patch.setattr(socket, "getaddrinfo", refuse)
