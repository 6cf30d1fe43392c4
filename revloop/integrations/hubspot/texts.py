"""Where HubSpot keeps what people wrote: by object, paths into its record, in reading order."""

from collections.abc import Mapping, Sequence

TEXTS: Mapping[str, Sequence[str]] = {
    "notes": ("properties.hs_note_body",),
    "calls": ("properties.hs_call_body",),
    "emails": ("properties.hs_email_text",),
    "meetings": (
        "properties.hs_meeting_body",
        "properties.hs_internal_meeting_notes",
    ),
    "tickets": ("properties.content",),
    "tasks": ("properties.hs_task_body",),
    "deals": ("properties.description",),
    "companies": ("properties.description",),
}
