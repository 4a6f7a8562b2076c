"""Which texts are secrets, and how they are kept out of everything that is written.

Secrets are known by value: whatever a provider sends back is searched for every
secret that this process was given, also as it looks in a URL or in base64.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"

# Shorter values are words such as "none"; to cut them out would garble messages.
_SHORTEST = 6

_SECRET_VARIABLE = re.compile(
    r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|AUTHORIZATION)(?:$|_)"
)


class Redactor:
    """Cuts known secrets out of texts.

    Its own repr shows none of them.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        # Longest first: a secret may be the beginning of another form of it.
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = (
            re.compile("|".join(map(re.escape, ordered))) if ordered else None
        )

    @classmethod
    def of_environment(
        cls, environ: Mapping[str, str], named: Iterable[str] = ()
    ) -> "Redactor":
        """Know the variables that sound like secrets, and those ``named``."""
        names = {name for name in environ if _SECRET_VARIABLE.search(name.upper())}
        names.update(name for name in named if name in environ)
        return cls(environ[name] for name in sorted(names))

    def __call__(self, text: str) -> str:
        """Give ``text`` without the secrets."""
        if self._pattern is None:
            return text
        return self._pattern.sub(REDACTED, text)

    def optional(self, text: str | None) -> str | None:
        """Give ``text`` without the secrets, and None for None."""
        return None if text is None else self(text)


def _forms(secret: str) -> Iterable[str]:
    secret = secret.strip()
    if len(secret) < _SHORTEST:
        return
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    raw = secret.encode("utf-8", "surrogateescape")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # In base64 a text looks different by its offset in a longer one, as in
        # "user:password"; what is left of its neighbours is cut off.
        for offset in range(3):
            padded = encode(b"\0" * offset + raw).decode("ascii")
            end = len(padded.rstrip("=")) - bool((offset + len(raw)) % 3)
            core = padded[(0, 2, 3)[offset] : end]
            if len(core) >= _SHORTEST:
                yield core
    yield raw.hex()
