"""Where Intercom keeps what people wrote: by object, paths into its record, in reading order."""

from collections.abc import Mapping, Sequence

TEXTS: Mapping[str, Sequence[str]] = {
    "conversation": (
        "source.subject",
        "source.body",
        "conversation_parts.conversation_parts.*.body",
    ),
    "ticket": (
        "ticket_attributes._default_description_",
        "ticket_parts.ticket_parts.*.body",
    ),
}
