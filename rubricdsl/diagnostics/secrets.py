"""What looks like a key: it may stand in no rubric and no file, and is never shown."""

import re

_SECRET_OPTION = re.compile(
    r"(?:^|[_-])(?:api_?key|key|token|secret|password|passwd|auth|authorization|bearer"
    r"|credentials?)$",
    re.IGNORECASE,
)
_KEY_SHAPE = re.compile(
    r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{6,}"
    r"|\b(?:gh[opsur]_|github_pat_|glpat-|hf_|gsk_|xox[abprs]-|xai-|r8_|nvapi-)\w{8,}"
    r"|\bAIza[\w-]{20,}|\bA(?:KI|SI)A[A-Z0-9]{12,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}"
    r"|\bBearer\s+\S{6,}",
    re.IGNORECASE,
)


def is_secret_option(name: str) -> bool:
    """Tell whether an option of this name would hold a secret.

    ``api_key_env``, which names a variable, does not.
    """
    return _SECRET_OPTION.search(name) is not None


def looks_secret(text: str) -> bool:
    """Tell whether ``text`` has the shape of a key, or a URL with a password."""
    if _KEY_SHAPE.search(text):
        return True
    if "@" not in text:
        return False
    from urllib.parse import urlsplit

    try:
        return "@" in urlsplit(text).netloc
    except ValueError:
        return False


def without_keys(text: str) -> str:
    """Give ``text`` with whatever has the shape of a key cut out."""
    return _KEY_SHAPE.sub("[redacted]", text)
