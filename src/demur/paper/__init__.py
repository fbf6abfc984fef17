"""Papers: the objection to an authority, the letter that sends it to the customer, the demand for the court's paper
after an emergency, the draft for a court, the notice to a customer, the note for counsel.

A `Letter` is a frozen value built from an assessment; each paragraph of argument comes from a finding that holds
and that the provider may raise. `render_pdf`, `render_docx` and `to_text` give it form; its words stand in `words/`.
"""

from .letter import Argument, Asked, Block, Letter, PaperError, Party, Question, Redirected, Seal, Sheet
from .render import render_docx, render_pdf, to_text
from .typeset import typeset
from .write import (
    challenge_letter,
    counsel_note,
    court_draft,
    court_forums,
    customer_notice,
    gag_notice,
    paper_demand,
    redirection,
)

__all__ = [
    "Argument",
    "Asked",
    "Block",
    "Letter",
    "PaperError",
    "Party",
    "Question",
    "Redirected",
    "Seal",
    "Sheet",
    "challenge_letter",
    "counsel_note",
    "court_draft",
    "court_forums",
    "customer_notice",
    "gag_notice",
    "paper_demand",
    "redirection",
    "render_docx",
    "render_pdf",
    "to_text",
    "typeset",
]
