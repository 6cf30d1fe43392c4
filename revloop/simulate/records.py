"""What systems know of an account, one frozen record for each state; ``changed`` is when the source changed it (ms).

Every record names the account it truly belongs to; what a vendor tells of that is its own affair.
"""

from enum import StrEnum

import msgspec


class Stage(StrEnum):
    """Stages of a deal in order."""

    QUALIFICATION = "Qualification"
    DISCOVERY = "Discovery"
    PROPOSAL = "Proposal"
    NEGOTIATION = "Negotiation"
    WON = "Closed Won"
    LOST = "Closed Lost"

    @property
    def closed(self) -> bool:
        """Whether nothing follows."""
        return self in (Stage.WON, Stage.LOST)


class Part(StrEnum):
    """Role of a person in the buying group."""

    CHAMPION = "Champion"
    BUYER = "Economic Buyer"
    EVALUATOR = "Technical Evaluator"
    USER = "End User"


class Told(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every record has."""

    account: str
    """Key of the account: its id in the CRM."""
    id: str
    changed: int


class Account(Told, frozen=True, kw_only=True, gc=False):
    """The company as the CRM keeps it."""

    name: str
    domain: str
    industry: str
    country: str
    owner: str
    created: int
    target: bool
    workspace: str
    """Its name in the product, empty until somebody enters it."""
    master: str = ""
    """The account it was merged into."""


class Contact(Told, frozen=True, kw_only=True, gc=False):
    """A person."""

    name: str
    email: str
    title: str
    created: int


class Relation(Told, frozen=True, kw_only=True, gc=False):
    """What a person is to the account."""

    contact: str
    email: str
    part: Part
    active: bool
    started: int
    ended: int | None


class Deal(Told, frozen=True, kw_only=True, gc=False):
    """An opportunity; ``close`` is a day of the epoch."""

    name: str
    stage: Stage
    amount: float | None
    close: int | None
    created: int
    owner: str


class DealRole(Told, frozen=True, kw_only=True, gc=False):
    """What a person is to a deal."""

    deal: str
    contact: str
    email: str
    part: Part
    deleted: bool = False


class Contract(Told, frozen=True, kw_only=True, gc=False):
    """A year's contract; ``id`` is its number; it holds from the day ``starts`` and no more on the day ``ends``."""

    starts: int
    ends: int
    plan: str
    amount: int
    seats: int
    customer: str
    signed: int
    in_crm: bool
    in_billing: bool
    over: int | None = None
    """When it was ended, as both systems know."""


class Customer(Told, frozen=True, kw_only=True, gc=False):
    """The account in the billing system."""

    name: str
    domain: str


class Organization(Told, frozen=True, kw_only=True, gc=False):
    """The account at the support desk; it is not linked until somebody enters the CRM's id."""

    name: str
    domain: str
    linked: bool
    created: int


class Ticket(Told, frozen=True, kw_only=True, gc=False):
    """A support case."""

    organization: str
    requester: str
    subject: str
    priority: str
    status: str
    created: int
    solved: int | None = None
    reopens: int = 0
    escalated: bool = False

    @property
    def open(self) -> bool:
        """Whether it waits for an answer."""
        return self.status not in ("solved", "closed")


class Company(Told, frozen=True, kw_only=True, gc=False):
    """The account in the marketing system."""

    name: str
    domain: str
    created: int


class Task(Told, frozen=True, kw_only=True, gc=False):
    """A milestone that was agreed upon: due at a moment."""

    company: str
    subject: str
    due: int


class Email(Told, frozen=True, kw_only=True, gc=False):
    """A mail that went in or out."""

    company: str
    sender: str
    incoming: bool
    subject: str


class Meeting(Told, frozen=True, kw_only=True, gc=False):
    """An event of the calendar with people of the account."""

    title: str
    start: int
    minutes: int
    host: str
    guests: tuple[str, ...]
    created: int
    cancelled: bool = False


class Use(Told, frozen=True, kw_only=True, gc=False):
    """Something done in the product; ``changed`` is when."""

    workspace: str
    user: str
    event: str
    contract: str = ""
    milestone: str = ""
    """The task that was fulfilled with it."""


Record = (
    Account
    | Contact
    | Relation
    | Deal
    | DealRole
    | Contract
    | Customer
    | Organization
    | Ticket
    | Company
    | Task
    | Email
    | Meeting
    | Use
)
