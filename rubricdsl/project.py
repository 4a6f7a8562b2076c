"""A user's project: its plugins, its ``rub.toml``, its rubrics and its judges.

Here the rooms meet that do not know each other: the language is handed the check
functions, the engine its judges.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import attrs
from attrs import frozen

from rubricdsl.checks.facts import ResponseFacts
from rubricdsl.diagnostics import Diagnostic, RubricError, fail
from rubricdsl.judging.book import JudgeBook, JudgeChoice
from rubricdsl.judging.config import ProjectConfig, find_config, read_config
from rubricdsl.judging.engine import Evaluation, Job
from rubricdsl.judging.events import Listener
from rubricdsl.judging.redaction import Redactor
from rubricdsl.judging.spec import parse_spec
from rubricdsl.language.binding import bind
from rubricdsl.language.loading import Loaded, load_file, load_text, project_root
from rubricdsl.model.protocols import FunctionTable, JudgeSettings
from rubricdsl.model.response import Response
from rubricdsl.model.rubric import BoundRubric, Rubric
from rubricdsl.plugins.host import PluginHost

JUDGE_VARIABLE = "RUB_JUDGE"
EMBEDDED_JUDGE = "presence"


@frozen(kw_only=True)
class JudgeOptions:
    """Who shall judge, as said beside the rubric.

    ``specs`` are SPECs: ``BACKEND:MODEL?…`` replaces every judge, ``NAME=SPEC``
    the judge block NAME.  ``concurrency`` holds for judges that set none.
    """

    specs: tuple[str, ...] = ()
    concurrency: int | None = None


@attrs.define(slots=False)
class Project:
    """Everything around a rubric.

    ``folder`` is where the search for ``rub.toml`` begins; ``environ`` holds the
    environment variables that judges and keys are read from.
    """

    folder: Path
    environ: Mapping[str, str]
    host: PluginHost

    # ---------------------------------------------------------------- rubrics

    @property
    def functions(self) -> FunctionTable:
        """Signatures of the check functions that are installed."""
        return self.host.function_table

    def load(self, path: Path, *, name: str = "") -> Loaded:
        """Load a ``.rub`` file; ``name`` is what messages call it."""
        return load_file(path, self.functions, name=name)

    def load_text(self, text: str, *, name: str = "<text>") -> Loaded:
        """Load source text; imports are looked for in the project's folder."""
        return load_text(text, self.functions, name=name, folder=self.folder)

    def bind(
        self, rubric: Rubric, arguments: Mapping[str, float | str] | None = None
    ) -> BoundRubric:
        """Bind a rubric; see `rubricdsl.language.binding.bind`."""
        return bind(rubric, self.functions, arguments)

    # ----------------------------------------------------------------- judges

    @cached_property
    def config(self) -> ProjectConfig | None:
        """What the nearest ``rub.toml`` says, if there is one."""
        path = find_config(self.folder)
        return None if path is None else read_config(path)

    def judge_book(self, options: JudgeOptions) -> JudgeBook:
        """Make the book of judges for a run.

        Raises RubricError (D2xx) for a SPEC that makes no sense.
        """
        offered = self.host.judge_backends
        choice = attrs.evolve(_chosen(options.specs), default=self._default_judge())
        if options.concurrency is not None:
            choice = attrs.evolve(choice, concurrency=options.concurrency)
        return JudgeBook(
            {name: entry.offer for name, entry in offered.items()},
            environ=self.environ,
            choice=choice,
            config=self.config,
            distributions={n: o.plugin.distribution for n, o in offered.items()},
        )

    def _default_judge(self) -> JudgeSettings | None:
        named = self.environ.get(JUDGE_VARIABLE)
        if named:
            return parse_spec(named)
        if EMBEDDED_JUDGE in self.host.judge_backends:
            return JudgeSettings(backend=EMBEDDED_JUDGE)
        return None

    # ------------------------------------------------------------- evaluation

    def evaluation(
        self, jobs: Sequence[Job], book: JudgeBook, *, listener: Listener | None = None
    ) -> Evaluation:
        """Set up a run; nothing is asked before `Evaluation.run`."""
        root = project_root(self.folder / "-")
        config = self.config
        return Evaluation(
            jobs,
            book,
            functions=self.host.check_functions,
            facts=lambda response: ResponseFacts(response, root),
            redactor=Redactor.of_environment(
                self.environ, config.key_variables if config else ()
            ),
            listener=listener,
        )

    def jobs(
        self, rubrics: Sequence[Rubric], responses: Iterable[Response]
    ) -> Iterator[Job]:
        """Give each response the rubric that judges it.

        That is the rubric the response names, else the one whose ``for:`` names its
        prompt, else the only one there is.  Raises RubricError (D107) with every
        response that has none, and E303 for a rubric with open parameters.
        """
        assigned = _Assignment(rubrics)
        bound: dict[str, BoundRubric] = {}
        jobs: list[Job] = []
        lost: list[Diagnostic] = []
        for response in responses:
            rubric = assigned.rubric_of(response, lost)
            if rubric is None:
                continue
            if rubric.name not in bound:
                bound[rubric.name] = self.bind(rubric)
            jobs.append(Job(bound[rubric.name], response))
        if lost:
            raise RubricError(lost)
        yield from jobs


class _Assignment:
    """Which rubric judges which response."""

    def __init__(self, rubrics: Sequence[Rubric]) -> None:
        self.rubrics = rubrics
        self.by_name = {rubric.name: rubric for rubric in rubrics}
        self.by_prompt = {
            prompt: rubric for rubric in rubrics for prompt in rubric.for_prompts
        }

    def rubric_of(self, response: Response, lost: list[Diagnostic]) -> Rubric | None:
        if response.rubric is not None:
            found = self.by_name.get(response.rubric)
            if found is None:
                lost.append(
                    _no_rubric(
                        response,
                        f"asks for the rubric `{response.rubric}`, which is not here",
                        f"the rubrics are: {', '.join(self.by_name)}",
                    )
                )
            return found
        found = self.by_prompt.get(response.prompt_id)
        if found is None and len(self.rubrics) == 1:
            return self.rubrics[0]
        if found is None:
            lost.append(
                _no_rubric(
                    response,
                    f"(prompt `{response.prompt_id}`) belongs to no rubric",
                    "name its rubric in the row's `rubric`, or its prompt in the "
                    "rubric's `for:`",
                )
            )
        return found


def _no_rubric(response: Response, problem: str, hint: str) -> Diagnostic:
    message = f"the response `{response.response_id}` {problem}"
    return Diagnostic("D107", message, response.span, hint)


def _chosen(specs: Iterable[str]) -> JudgeChoice:
    override: JudgeSettings | None = None
    overrides: dict[str, JudgeSettings] = {}
    for spec in specs:
        name, equals, rest = spec.partition("=")
        if equals and name.isidentifier():
            overrides[name] = parse_spec(rest)
        elif override is not None:
            fail(
                "D202",
                "--judge names two judges for everything",
                hint="write `--judge NAME=SPEC` for one judge block; a panel is "
                "written in a judge block or in rub.toml",
            )
        else:
            override = parse_spec(spec)
    return JudgeChoice(override=override, overrides=overrides)
