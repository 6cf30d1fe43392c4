"""The closed catalogue of what the loop may do: a kind with its risk, its parameters and whether it can be undone."""

from revloop.contracts.actions.catalogue import Catalogue, UnknownKind, load_catalogue
from revloop.contracts.actions.kind import ActionKind, Call, Parameter, ParameterType

__all__ = [
    "ActionKind",
    "Call",
    "Catalogue",
    "Parameter",
    "ParameterType",
    "UnknownKind",
    "load_catalogue",
]
