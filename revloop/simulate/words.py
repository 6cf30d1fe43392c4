"""Chances come in; names of companies, people and things go out, all made up."""

from revloop.simulate.draws import Draws

OWN_DOMAIN = "lumenta.example"
"""Mail domain of the simulated vendor itself."""
SELLERS = ("Ines Falk", "Otto Brandt", "Mara Lind", "Pavel Sokol", "Greta Holm", "Yusuf Demir")
INDUSTRIES = ("Manufacturing", "Logistics", "Retail", "Healthcare", "Energy", "Education", "Insurance")
COUNTRIES = ("Germany", "France", "Netherlands", "Sweden", "Spain", "United Kingdom", "United States")
TITLES = ("Head of Operations", "Finance Director", "IT Manager", "Team Lead", "Analyst", "Project Manager")
FEATURES = ("Report Viewed", "Plan Edited", "Export Run", "Alert Acknowledged", "Dashboard Opened", "Comment Added")
PLANS = ("Team", "Business", "Enterprise")
COMPLAINTS = ("Export stays empty", "Sign-in fails", "Report is slow", "Wrong totals", "Alert came late", "How do I")
TOPICS = ("Review", "Planning", "Check-in", "Training", "Roadmap", "Open questions")
MILESTONES = ("Connect data", "Invite the team", "First report", "Go live", "Review goals", "Train new people")
_HEADS = (
    "Bra",
    "Cor",
    "Del",
    "Fen",
    "Gal",
    "Hel",
    "Jor",
    "Kav",
    "Lor",
    "Mer",
    "Nor",
    "Pel",
    "Quin",
    "Ros",
    "Sol",
    "Tav",
)
_TAILS = ("vik", "dena", "mark", "tis", "lund", "sa", "ren", "tex", "via", "nor", "mont", "gate")
_KINDS = ("GmbH", "Ltd", "AB", "SA", "Inc", "BV")
_FIRST = ("Ada", "Ben", "Cleo", "Dora", "Emil", "Finn", "Gwen", "Hugo", "Iris", "Jan", "Kira", "Leo", "Mina", "Nils")
_LAST = (
    "Adler",
    "Berg",
    "Costa",
    "Dahl",
    "Egger",
    "Frey",
    "Gruber",
    "Hale",
    "Ivers",
    "Jansen",
    "Keller",
    "Lund",
    "Moser",
)


def company(draws: Draws, number: int) -> tuple[str, str]:
    """Name and mail domain; the number keeps domains apart."""
    stem = draws.pick(_HEADS) + draws.pick(_TAILS)
    return f"{stem} {draws.pick(_KINDS)}", f"{stem.lower()}{number}.example"


def person(draws: Draws, domain: str, number: int) -> tuple[str, str]:
    """Name and mail address; the number keeps people of one company apart."""
    first, last = draws.pick(_FIRST), draws.pick(_LAST)
    return f"{first} {last}", f"{first}.{last}{number}@{domain}".lower()


def seller_address(name: str) -> str:
    """Mail address of one of the vendor's own people."""
    return f"{name.lower().replace(' ', '.')}@{OWN_DOMAIN}"
