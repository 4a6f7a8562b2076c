"""Responses in: every row of a file, with ids, or a word on what is wrong with it.

What the fields of a row mean is said in `rubricdsl.formats.response_fields`.
"""

from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING

from attrs import define, evolve, field

from rubricdsl.diagnostics import Diagnostic, fail
from rubricdsl.formats.fields import FieldError
from rubricdsl.formats.response_fields import JSON_COLUMNS, Draft, drafts
from rubricdsl.formats.rows import Row, RowProblem, read_rows
from rubricdsl.formats.sources import place
from rubricdsl.model.digest import Plain, digest
from rubricdsl.model.response import Response
from rubricdsl.model.source import Span

if TYPE_CHECKING:
    from rubricdsl.formats.digest_tables import DigestTable

MAX_RESPONSE_BYTES = 10_000_000


def read_responses(
    path: str,
    *,
    stdin: IO[bytes] | None = None,
    max_bytes: int = MAX_RESPONSE_BYTES,
) -> Iterator[Response | RowProblem]:
    """Read responses one at a time; rows that give none come out as problems.

    ``path`` ends in ``.jsonl``, ``.json``, ``.csv``, ``.parquet`` or ``.arrow``, and
    perhaps ``.gz``, or is a folder of Parquet or Arrow files; ``-`` is JSON Lines from
    ``stdin`` (standard input if None).  A response of more than ``max_bytes`` in UTF-8
    is a problem (D110), and so is one with the ids of another but other content
    (D105); an exact repetition is passed over.  Made ids are digests of the content,
    with a number where two rows without ids are alike.
    `rubricdsl.formats.rows.sound` turns problems into an error.

    Raises RubricError, when reading has come so far, for a file that cannot be
    read or whose rows cannot be told apart (D101, D102, D104, D108), and at the
    end for one without any row (D106).
    """
    register = _Register()
    is_empty = True
    for row in read_rows(path, stdin=stdin, json_columns=JSON_COLUMNS):
        is_empty = False
        if isinstance(row, RowProblem):
            yield row
            continue
        try:
            for draft in drafts(row, max_bytes=max_bytes):
                if (response := register.enter(draft)) is not None:
                    yield response
        except FieldError as error:
            fault = Diagnostic(error.code, error.message, row.span, error.hint)
            yield RowProblem(fault)
    if is_empty:
        fail(
            "D106",
            f"{path} holds no responses",
            hint='write one row for each response: {"response": "…"}',
            span=place(path, 1),
        )


def responses_of_row(
    fields: Mapping[str, Plain], span: Span, *, max_bytes: int = MAX_RESPONSE_BYTES
) -> list[Response]:
    """Make the responses of one row that is in memory already.

    Raises RubricError for a row that gives none.
    """
    register = _Register()
    try:
        made = [
            register.enter(d) for d in drafts(Row(fields, span), max_bytes=max_bytes)
        ]
    except FieldError as error:
        fail(error.code, error.message, hint=error.hint, span=span)
    return [response for response in made if response is not None]


def _digest_table() -> "DigestTable":
    # It knows SQLite, which would be slow to load where nothing is read.
    from rubricdsl.formats.digest_tables import DigestTable

    return DigestTable()


def _packed(key: tuple[str, str]) -> bytes:
    return bytes.fromhex(digest(*key))


@define
class _Register:
    """The ids seen so far: with what content, and how often made."""

    seen: "DigestTable" = field(factory=_digest_table)
    made: "DigestTable" = field(factory=_digest_table)

    def enter(self, draft: Draft) -> Response | None:
        """Give the response with ids of its own, or None for a repetition.

        Raises FieldError for ids that another response has.
        """
        response = draft.response
        key = (response.prompt_id, response.response_id)
        known = self.seen.get(_packed(key))
        if draft.is_id_made and known is not None:
            made_of = _packed(key)
            while known is not None:
                number = int.from_bytes(self.made.get(made_of) or b"\1") + 1
                self.made.set(made_of, number.to_bytes(8))
                key = (response.prompt_id, f"{response.response_id}-{number}")
                known = self.seen.get(_packed(key))
            response = evolve(response, response_id=key[1])
        content = bytes.fromhex(_content_digest(response))
        if known is None:
            self.seen.set(_packed(key), content)
            return response
        if known == content:
            return None
        raise FieldError(
            f"another row has prompt_id {key[0]!r} and response_id {key[1]!r} too, "
            "with other content",
            "give every response of a prompt an id of its own, or none",
            code="D105",
        )


def _content_digest(response: Response) -> str:
    return digest(
        response.text,
        response.prompt,
        [[turn.speaker, turn.text] for turn in response.conversation],
        response.reference,
        response.source,
        response.rubric,
        dict(response.artifacts),
        # Rows are plain data: so is what they hold.
        dict(response.meta),  # type: ignore[arg-type]
    )
