"""Which statements are about presence, what they claim, and which are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricdsl_presence.limits import Beyond
from rubricdsl_presence.statements import Joined, Statement, read_statement

JUDGED = """
States that the dose is best given between 27 and 36 weeks of pregnancy.
The response mentions that aspirin thins the blood
The answer should explain why the sky is blue
Should state the boiling point of water
Names the author of the novel
Lists side effects of the medicine
Tells the user to restart the router
Notes that the offer ends on Friday
Recommends seeing a dentist
Suggests an alternative route
Advises against driving after taking the tablets
Warns about the risk of fire
Includes a disclaimer that this is not legal advice
Describes how the valve works
Asks the user which operating system they use
Offers to send a replacement
Points out that the invoice is overdue
Defines opportunity cost
Cites the 2019 study by Chen
Identifies the bug in line 12
Provides the telephone number of the clinic
Gives an example of a prime number
It must mention the deadline
The model says that Paris is the capital of France
The assistant reminds the user to back up the files
The response explicitly states that the warranty is void
Also mentions the cost of shipping
Mentions Kepler's third law
Refers the user to a lawyer
Refers to the Geneva Convention
Encourages the user to get a second opinion
Talks about the causes of the French Revolution
Says that there are fewer than ten known cases
Explains the difference between RAM and ROM
Highlights the importance of hydration
Says that accurate records must be kept in a calm and orderly manner
Discusses the trade-off between speed and memory
Informs the customer that the store closes at six
Acknowledges that the evidence is mixed
Makes clear that the vaccine is free of charge
Draws attention to the risk of overheating
Contains the word "photosynthesis"
Uses the term "opportunity cost"
Gives the year in which the treaty was signed
Reports that the company lost 3 million dollars
Claims that electric cars are cheaper to run
Apologises for the delay
Thanks the customer for their patience
Instructs the user to unplug the device first
Emphasizes that the results are preliminary
The email asks for a date of payment
The poem mentions the moon
The recipe includes garlic
Indicates where the spare key is kept
Specifies the required temperature
Covers the history of the bridge
Outlines the plot of the novel
The dose is mentioned
The side effects are explained in the response
There is a mention of the refund policy
Recommends a complete rewrite of the module
Suggests deep breathing
Mentions strong winds as a hazard
Mentions the Fair Labor Standards Act
State that the meeting has moved to Monday
Explain how interest is compounded
Does the response mention the deadline?
Quotes a line from the play
Reassures the patient that the procedure is painless
Predicts that prices will fall
Rules out a fracture
Brings up the possibility of an allergy
Mentions both the risks and the benefits
""".strip().splitlines()

DENIED = """
Does not mention the price
Doesn't mention the price
The response never says that the drug is safe
The answer should not recommend a specific stock
Should avoid mentioning competitors
Avoids recommending antibiotics
Omits the name of the author
Leaves out the deadline
Fails to warn about the side effects
Refrains from giving a diagnosis
Makes no mention of the budget
Contains no reference to the user's age
Says nothing about insurance
Mentions no alternatives
Gives no dosage
The deadline is not mentioned
There is no mention of the refund policy
Lacks any mention of risk
Must not tell the user to stop the medication
It does not claim that Sydney is the capital
""".strip().splitlines()

BEYOND = """
The response is well organised
The answer is accurate and complete
Is factually correct
Is written in a friendly tone
Uses simple language
Uses bullet points
Is no longer than 200 words
Contains fewer than three paragraphs
Contains exactly 3 bullet points
Is polite
Clearly explains the process
Correctly identifies the main character
Gives a clear explanation of photosynthesis
Provides accurate information about the medicine
Provides relevant examples
Explains the concept in simple terms
Explains gravity in a way that a child can understand
Answers the user's question
Addresses all parts of the question
Addresses the user's concerns
Follows the instructions in the prompt
Is consistent with the reference answer
Does not contradict the source text
Contains no hallucinated facts
Is faithful to the provided document
Is better than the other response
Lists at least three benefits of exercise
Gives two examples of renewable energy
Lists three causes of the war
Names five countries
Mentions only the price
Does not merely mention the price
Lists all ingredients
Mentions every planet
Explains each step
Shows empathy
Expresses sympathy for the loss
Demonstrates a good understanding of the topic
Acknowledges the user's frustration
Maintains a professional tone
Avoids jargon
Avoids repetition
Does not use slang
Does not contain spelling mistakes
Has a logical structure
Has a clear conclusion
Starts with a greeting
Ends with a question
Mentions the price in the first sentence
Begins by stating the main point
Includes a table
Includes a numbered list
Contains a code block
Includes a heading
Contains no emojis
Is a haiku
Rhymes
Is written in French
Is persuasive
Is helpful to a beginner
Would be easy to follow for a novice
The reasoning is sound
The code compiles
The code handles empty input
Solves the equation
Computes the right total
Translates the sentence into German
Summarises the article well
Compares the two options fairly
Refuses to answer
Is neutral on the political question
Stays in character
Keeps the conversation going
If the user is a minor, the response suggests talking to a parent
Provides a concise summary of the plot
Provides a detailed explanation of the algorithm
Gives appropriate safety advice
Mentions the price more than once
Explains photosynthesis accurately
States the result concisely
Provides information that is not found in the source
Includes irrelevant details
Provides false information
Is creative
Overall quality
good
Who wrote the report?
Mentions the deadline and is polite
Explains the risks without being preachy
Mentions it
""".strip().splitlines()


@pytest.mark.parametrize("text", JUDGED)
def test_statements_of_presence_are_judged(text: str) -> None:
    statement = read_statement(text)
    assert isinstance(statement, Statement), statement
    assert not any(claim.denied for claim in statement.claims)


@pytest.mark.parametrize("text", DENIED)
def test_statements_of_absence_are_denied(text: str) -> None:
    statement = read_statement(text)
    assert isinstance(statement, Statement), statement
    assert [claim.denied for claim in statement.claims] == [True]


@pytest.mark.parametrize("text", BEYOND)
def test_other_statements_are_beyond_the_judge(text: str) -> None:
    assert isinstance(read_statement(text), Beyond)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("States that the sea is salty.", "the sea is salty"),
        ("Tells the user to use a password manager", "use a password manager"),
        ("Suggests a password manager", "a password manager"),
        ("Warns the reader about the risk of fire", "the risk of fire"),
        ("Advises against eating raw eggs", "eating raw eggs"),
        ("Makes no mention of the budget", "the budget"),
        ("Says nothing about insurance", "insurance"),
        ("Apologises to the customer", "apologise"),
        ("The dose is not mentioned", "The dose"),
        ("Refrains from giving a diagnosis", "a diagnosis"),
        ("Points the user to a charity", "a charity"),
    ],
)
def test_what_is_looked_for(text: str, claim: str) -> None:
    statement = read_statement(text)
    assert isinstance(statement, Statement)
    assert [c.text for c in statement.claims] == [claim]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Lists three causes of the war", Beyond.COUNT),
        ("Lists all ingredients", Beyond.COMPLETE),
        ("Includes a table", Beyond.FORMAT),
        ("Shows empathy", Beyond.TONE),
        ("Mentions only the price", Beyond.EXCLUSIVE),
        ("Mentions the price in the first sentence", Beyond.POSITION),
        ("Addresses the user's question", Beyond.TASK),
        ("Is faithful to the provided document", Beyond.SOURCE),
        ("Correctly identifies the main character", Beyond.QUALITY),
        ("Mentions it", Beyond.EMPTY),
        ("Rhymes", Beyond.FORM),
    ],
)
def test_the_reason_says_what_is_asked(text: str, reason: Beyond) -> None:
    assert read_statement(text) is reason


def test_two_claims_must_both_hold() -> None:
    statement = read_statement("Explains why the sky is blue and mentions Rayleigh")
    assert isinstance(statement, Statement)
    assert statement.joined is Joined.ALL
    assert [c.text for c in statement.claims] == ["why the sky is blue", "Rayleigh"]


def test_one_of_two_claims_is_enough_with_or() -> None:
    statement = read_statement("Names the author or gives the title of the book")
    assert isinstance(statement, Statement)
    assert statement.joined is Joined.ANY


def test_without_denies_what_follows() -> None:
    statement = read_statement("Describes the plot without revealing the murderer")
    assert isinstance(statement, Statement)
    assert [c.denied for c in statement.claims] == [False, True]


def test_nouns_that_look_like_verbs_do_not_split() -> None:
    statement = read_statement("Lists the dates and names of the kings")
    assert isinstance(statement, Statement)
    assert len(statement.claims) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Does not fail to state that x rises with y",
        "Does not omit the name of the author",
        "Never fails to mention the deadline",
        "Does not avoid mentioning the deadline",
    ],
)
def test_a_double_negative_affirms(text: str) -> None:
    statement = read_statement(text)
    assert isinstance(statement, Statement)
    assert not statement.claims[0].denied


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert isinstance(read_statement(text), Statement | Beyond)
