"""What OpenAI's graders call things, and what they are here."""

from rubricdsl.model.expression import Name

OUTPUT = "{{sample.output_text}}"
REFERENCE = "{{item.reference}}"
RESPONSE, REFERENCE_TEXT = Name("response"), Name("reference")
ANY_CASE = (("case", Name("no")),)
OPERATIONS = {"eq": "==", "ne": "!="}
METRICS = {"rouge_l": "rouge_l", "fuzzy_match": "ratio"}
YES, NO = "yes", "no"
