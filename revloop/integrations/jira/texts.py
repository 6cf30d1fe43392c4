"""Where Jira keeps what people wrote: by object, paths into its record, in reading order."""

from collections.abc import Mapping, Sequence

TEXTS: Mapping[str, Sequence[str]] = {
    "issue": (
        "description",
        "comment.comments.*.body",
    ),
}
