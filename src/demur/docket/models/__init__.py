"""What the docket keeps. Only `acts` and the registers' own functions write here; pages read.

`cases` is the life of a case; `registers`, who the provider knows: customers, what it promised them, authorities;
`telling`, what bars telling a customer and what each was told; `challenges`, what was filed and what became of it;
`touched`, new law on what is over; `work`, what the worker remembers.
"""

from .cases import (
    Act,
    Assessment,
    Case,
    CaseFact,
    Document,
    Draft,
    Entry,
    Ground,
    Membership,
    Original,
    OutboxEvent,
    fit,
    plain,
    random_number,
)
from .challenges import Outcome
from .registers import Authority, Contact, ContractPromise, Customer, Handle, RegisterChange
from .telling import Delivery, Gag, Notice, ReminderSent, Told
from .touched import Touched
from .work import LastTurn, Taken, Visit

__all__ = [
    "Act", "Assessment", "Authority", "Case", "CaseFact", "Contact", "ContractPromise", "Customer", "Delivery",
    "Document", "Draft", "Entry", "Gag", "Ground", "Handle", "LastTurn", "Membership", "Notice", "Original",
    "OutboxEvent", "Outcome", "RegisterChange", "ReminderSent", "Taken", "Told", "Touched", "Visit", "fit", "plain",
    "random_number",
]  # fmt: skip
