"""How well the risks that states told came true: measured against later outcomes, never fitted to them."""

from revloop.quality.report import page
from revloop.quality.study import Outcome, Study, load_studies, read_outcomes
from revloop.quality.verdicts import Result, examine
from revloop.quality.watch import watch

__all__ = ["Outcome", "Result", "Study", "examine", "load_studies", "page", "read_outcomes", "watch"]
