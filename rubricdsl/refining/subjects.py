"""What is refined: rubrics, each with its own pool of responses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import evolve, field, frozen

from rubricdsl.cases.recording import Recording
from rubricdsl.diagnostics import fail
from rubricdsl.language.edit import Slice
from rubricdsl.model.execution import Job
from rubricdsl.model.refinement import Preference
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import Rubric
from rubricdsl.project import Project
from rubricdsl.refinement.gate import junk_for
from rubricdsl.refinement.pools import Key, Pool, key_of, split


@frozen(kw_only=True)
class Subject:
    """A rubric to be refined: its own piece of a file, and its pool."""

    project: Project
    text: str
    rubric: Rubric
    pool: Pool
    recording: Recording = Recording()


def subjects_of(
    project: Project, path: str, pieces: Iterable[Slice], found: Mapping[str, Pool]
) -> Iterator[Subject]:
    """Give the rubrics of a file that have a pool, each as its own source.

    ``pieces`` are those of the file; ``path`` is the file as the user gave it, beside
    which the verdicts recorded for its tests are looked for (``-`` has none).

    Raises RubricError for a piece that is not sound, or a recording that is none.
    """
    recording = Recording()
    if path != "-":
        recording = Recording.read(Recording.path_of(path))
    for piece in pieces:
        if piece.name in found:
            (rubric,) = project.load_text(piece.text, name=path).checked()
            yield Subject(
                project=project,
                text=piece.text,
                rubric=rubric,
                pool=found[piece.name],
                recording=recording,
            )


@frozen(kw_only=True)
class GoldTable:
    """What people said: scores by the keys of responses, and preferences."""

    scores: Mapping[Key, float] = field(factory=dict, hash=False)
    preferences: tuple[Preference, ...] = ()

    def labelled(self, pool: Pool) -> Pool:
        """Give a pool with what was said of it."""
        keys = {key_of(one) for one in (*pool.responses, *pool.held_out)}
        return evolve(
            pool,
            gold={key: gold for key, gold in self.scores.items() if key in keys},
            preferences=tuple(
                one
                for one in self.preferences
                if {(one.prompt_id, one.better), (one.prompt_id, one.worse)} <= keys
            ),
        )


@frozen(kw_only=True)
class Proof:
    """By what the gate proves edits: other responses, or a share of those there are."""

    share: float = 0.25
    others: Sequence[Job] | None = None


def pools(
    jobs: Iterable[Job], *, proof: Proof | None, gold: GoldTable, seed: int
) -> Mapping[str, Pool]:
    """Make the pool of each rubric, by its name, of the responses that it judges.

    Without a ``proof`` there will be no gate, and nothing is held out.  Raises
    RubricError (D401) where for no rubric there is anything to hold out.
    """
    others = _by_rubric(() if proof is None else proof.others or ())
    found: dict[str, Pool] = {}
    for name, group in _by_rubric(jobs).items():
        pool = Pool(responses=tuple(job.response for job in group))
        if proof is not None:
            pool = _proving(pool, proof, others.get(name, []), gold, seed)
            junk = [junk_for(group[0].rubric, one) for one in _samples(pool.held_out)]
            pool = evolve(pool, junk=tuple(one for some in junk for one in some))
        found[name] = gold.labelled(pool)
    if proof is not None and not any(pool.held_out for pool in found.values()):
        fail(
            "D401",
            "too few responses to hold some out, by which the gate could prove edits",
            hint="give five to a prompt at least, or others with --held-out FILE, or "
            "do without proof: --no-gate",
        )
    return found


def _by_rubric(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.rubric.name, []).append(job)
    return groups


def _proving(
    pool: Pool, proof: Proof, others: Sequence[Job], gold: GoldTable, seed: int
) -> Pool:
    """Hold out what the gate will prove edits by; no text is on both sides."""
    if proof.others is None:
        parts = split(pool.responses, proof.share, seed, gold.scores)
        return evolve(pool, responses=parts.shown, held_out=parts.held_out)
    shown = {one.text for one in pool.responses}
    held_out = (job.response for job in others)
    return evolve(pool, held_out=tuple(r for r in held_out if r.text not in shown))


def _samples(responses: Sequence[Response]) -> list[Response]:
    """Give one response to each prompt."""
    return list({one.prompt_id: one for one in responses}.values())
