"""Edits in a few words, for people."""

from rubricdsl.model.edit import Add, Edit, Merge, Rename, Reweigh, Split


def edit_words(edit: Edit) -> str:
    """Give an edit in a few words: ``split `method` into `a`, `b` ``."""
    match edit:
        case Add():
            return f"add [{edit.mark}] `{edit.name}`: {edit.text}"
        case Split():
            parts = ", ".join(f"`{part.name}`" for part in edit.into)
            return f"split `{edit.criterion}` into {parts}"
        case Merge():
            merged = ", ".join(f"`{name}`" for name in (edit.criterion, *edit.others))
            return f"merge {merged} into `{edit.name}`"
        case Rename():
            return f"rename `{edit.criterion}` to `{edit.to}`"
        case Reweigh():
            return f"reweigh `{edit.criterion}` to [{edit.mark}]"
        case _:
            return f"{edit.op} `{edit.criterion}`"
