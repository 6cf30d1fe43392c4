"""Where Salesforce keeps what people wrote: by object, paths into its record, in reading order."""

from collections.abc import Mapping, Sequence

TEXTS: Mapping[str, Sequence[str]] = {
    "Account": ("Description",),
    "Opportunity": (
        "Description",
        "NextStep",
    ),
    "Case": (
        "Description",
        "Comments",
    ),
    "Event": ("Description",),
    "Task": ("Description",),
    "Contact": ("Description",),
    "Contract": (
        "Description",
        "SpecialTerms",
    ),
}
