"""A record comes in; through which vendors it is told goes out."""

from revloop.simulate.records import Record
from revloop.simulate.wire import google_calendar, hubspot, salesforce, stripe, zendesk
from revloop.simulate.wire.form import Poll, Push

POLLS: tuple[Poll, ...] = tuple(
    poll for vendor in (salesforce, zendesk, hubspot, google_calendar) for poll in vendor.polls()
)
"""In the order in which they are asked where several are asked at one moment."""
_RESOURCES = (
    ("salesforce", salesforce.resource),
    ("zendesk", zendesk.resource),
    ("hubspot", hubspot.resource),
    ("google-calendar", google_calendar.resource),
)


def asked_for(record: Record) -> list[tuple[str, str]]:
    """(connector, resource) of the polls that will bring it."""
    return [(connector, found) for connector, resource in _RESOURCES if (found := resource(record))]


def pushed(record: Record) -> Push | None:
    """The message that tells it at once, None for none; uses are sent together and are not asked for here."""
    return stripe.push(record)
