"""The validated form of a tenant profile; every threshold has the default of the signal catalogue."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from revloop.contracts.entities import EntityType
from revloop.contracts.generated.events import Scalar
from revloop.contracts.ids import content_hash
from revloop.contracts.times import DAY_MS, HOUR_MS, SECOND_MS

Days = Annotated[int, Field(ge=1, le=3650)]
Name = Annotated[str, Field(min_length=1, max_length=256)]
VendorPath = Annotated[str, Field(pattern=r"^([^.|]+(\.[^.|]+)*)?( *\| *[a-z_]+)*$", max_length=1024)]
"""``a.b.0.c | function``: no empty part; empty for none."""


def _rising(steps: tuple[int, int, int]) -> tuple[int, int, int]:
    if not 0 < steps[0] < steps[1] < steps[2]:
        raise ValueError("the three steps must rise, from more than 0")
    return steps


def _falling(days: tuple[int, int, int]) -> tuple[int, int, int]:
    if not days[0] > days[1] > days[2] > 0:
        raise ValueError("the three steps must fall, to more than 0")
    return days


def _different(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("a name is there twice")
    return names


def _calendar_day(text: str) -> str:
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError("write it as YYYY-MM-DD")
    return text


class Model(BaseModel):
    """Frozen, and strict: a misspelt key is refused, not ignored; files are read without converting types."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Clock(StrEnum):
    """Where a tenant's time comes from."""

    WALL = "wall"
    FILE = "file"


class Tick(StrEnum):
    """Step of a file clock."""

    HOURLY = "1h"
    DAILY = "1d"


class UsageQuantity(StrEnum):
    """What usage is compared by."""

    COUNT = "count"
    SUM = "sum"


class Mode(StrEnum):
    """How much the loop may do by itself."""

    DISABLED = "DISABLED"
    PROPOSE_ONLY = "PROPOSE_ONLY"
    APPROVAL_REQUIRED = "APPROVAL_REQUIRED"
    AUTO_EXECUTE = "AUTO_EXECUTE"


class ObjectProfile(Model):
    """How one object of a vendor becomes one entity type: what is not said is read as the vendor's standard has it."""

    entity_type: Annotated[EntityType | None, Field(description="Normalised type, for example opportunity.")] = None
    key: Annotated[VendorPath, Field(description="Path of the key people use; the vendor's id when empty.")] = ""
    account: Annotated[
        VendorPath,
        Field(description="Path of the account key, or of several; with it the standard's links are dropped."),
    ] = ""
    via: Annotated[
        dict[Name, VendorPath],
        Field(
            description="Other record that leads to the account -> path of its id: an object of this connector, "
            "`<connector>/<object>`, or a name such as `email`; the first that is there counts."
        ),
    ] = {}
    names: Annotated[
        dict[Name, VendorPath],
        Field(description="Name such as `email` -> path: how other records may refer to this one."),
    ] = {}
    fields: Annotated[
        dict[Name, VendorPath | None],
        Field(description="Normalised field name -> path in the vendor's record; null: not read from this object."),
    ] = {}


class ConnectorProfile(Model):
    """One connector of a tenant."""

    objects: Annotated[
        dict[str, ObjectProfile | None],
        Field(description="By the vendor's name of the object; null: this tenant does not take it."),
    ] = {}
    own_users: Annotated[tuple[str, ...], Field(description="Vendor user ids under which we write.")] = ()
    webhook_secret_env: Annotated[
        str, Field(description="Environment variable with the secret by which the vendor's webhooks are known.")
    ] = ""


class SignalSettings(Model):
    """Thresholds of the signal catalogue; lifetimes in days, ages in hours."""

    close_date_slipped_min_days: Annotated[
        Days, Field(description="Days by which a close date must move back to count as a slip.")
    ] = 1
    close_date_slipped_ttl_days: Annotated[Days, Field(description="Days until a slip of a close date lapses.")] = 30
    close_date_pulled_in_min_days: Annotated[
        Days, Field(description="Days by which a close date must move forward to count as pulled in.")
    ] = 7
    close_date_pulled_in_ttl_days: Annotated[
        Days, Field(description="Days until a close date that was pulled in lapses as a signal.")
    ] = 14
    amount_changed_min_share: Annotated[
        float, Field(gt=0, le=1, description="Share of the amount before that counts as a change; 0.05 is 5 percent.")
    ] = 0.05
    amount_changed_ttl_days: Annotated[Days, Field(description="Days until a change of an amount lapses.")] = 30
    stage_changed_ttl_days: Annotated[Days, Field(description="Days until a change of stage lapses.")] = 14
    stage_regressed_ttl_days: Annotated[
        Days, Field(description="Days until a step back to an earlier stage lapses.")
    ] = 30
    support_sev2_aging_hours: Annotated[
        tuple[int, int, int],
        AfterValidator(_rising),
        Field(
            description="Hours, rising, after which an unresolved severe case is of medium, high and critical severity."
        ),
    ] = (24, 48, 72)
    severe_priorities: Annotated[
        tuple[str, ...], Field(description="Priorities of severe cases, written as the help desk writes them.")
    ] = ("1", "2")
    action_ttl_days: Annotated[
        Days, Field(description="Days until the signal that one of our own actions took effect, or failed, lapses.")
    ] = 90
    ticket_ttl_days: Annotated[Days, Field(description="Days until the escalation or reopening of a case lapses.")] = 14
    account_activated_ttl_days: Annotated[
        Days, Field(description="Days until the signal that an account became a target lapses.")
    ] = 90
    meeting_upcoming_hours: Annotated[
        int, Field(ge=1, le=24 * 30, description="Hours before its start from which on a meeting is upcoming.")
    ] = 24
    usage_metrics: Annotated[
        tuple[str, ...], Field(description="Metrics that count as usage; every one when empty.")
    ] = ()
    usage_quantity: Annotated[
        UsageQuantity, Field(description="Whether uses are counted or their quantities summed.")
    ] = UsageQuantity.COUNT
    usage_min_events: Annotated[int, Field(ge=1, description="Uses in the 90 days before that a comparison needs.")] = 3
    usage_min_account_age_days: Annotated[
        int,
        Field(
            ge=0,
            le=3650,
            description="Days an account must exist before its usage is compared; 0: its age does not matter.",
        ),
    ] = 0
    usage_drop_percent: Annotated[
        int,
        Field(
            ge=1, le=100, description="Percent of the usual 30 days of usage that must be missing to count as a drop."
        ),
    ] = 50
    usage_spike_percent: Annotated[
        int,
        Field(gt=100, description="Percent of the usual 30 days of usage that the last 30 must reach to be a spike."),
    ] = 150
    no_meeting_days: Annotated[
        Days, Field(description="Days after the last meeting held from which on an account is without one.")
    ] = 21
    renewal_window_days: Annotated[
        tuple[int, int, int],
        AfterValidator(_falling),
        Field(
            description="Days, falling, before a contract's end from which on its renewal is of medium, high and "
            "critical severity; the first also says when a renewal is near."
        ),
    ] = (90, 60, 30)
    renewal_min_term_days: Annotated[
        int, Field(ge=0, description="Contracts of fewer days go on by themselves, month by month: nobody renews them.")
    ] = 180
    deadline_missed_days: Annotated[
        tuple[int, int],
        Field(description="Days after the due date on which a missed deadline opens, and on which it is history."),
    ] = (1, 15)
    deadline_kinds_left_out: Annotated[
        tuple[str, ...], Field(description="Kinds of deadlines that nobody has to meet.")
    ] = ()
    stakeholder_changed_ttl_days: Annotated[
        Days, Field(description="Days until the signal that people came or went lapses.")
    ] = 60
    champion_roles: Annotated[
        tuple[str, ...], Field(description="Roles of who speaks for us, in lower case, words apart.")
    ] = ("champion",)
    buyer_roles: Annotated[
        tuple[str, ...], Field(description="Roles of who decides to buy, in lower case, words apart.")
    ] = (
        "budget holder",
        "decision maker",
        "economic buyer",
    )
    champion_silent_days: Annotated[
        Days, Field(description="Days without a sign of life after which a champion is silent.")
    ] = 14
    stakeholder_gap_min_people: Annotated[
        int, Field(ge=1, description="People on an open deal; fewer are a gap, whatever their roles.")
    ] = 2
    stakeholder_gap_ttl_days: Annotated[
        Days, Field(description="Days after which a gap that still stands is told no more.")
    ] = 60
    deal_stalled_days: Annotated[
        int, Field(ge=1, le=3650, description="Days in one stage after which an open deal has stalled.")
    ] = 30
    closed_cycle_min_deals: Annotated[
        int, Field(ge=1, description="Closed deals from which on their 90th percentile says what is usual.")
    ] = 20
    support_risk_scores: Annotated[
        tuple[int, int, int],
        AfterValidator(_rising),
        Field(description="Points, rising, from which on the risk in support is of low, medium and high severity."),
    ] = (5, 7, 10)
    support_risk_aged_days: Annotated[
        Days, Field(description="Days after which a case that waits is an old one, for the risk in support.")
    ] = 7
    support_risk_volume_days: Annotated[
        int, Field(ge=1, le=90, description="Days in which opened cases are counted, against as many days before.")
    ] = 14
    support_risk_volume_percent: Annotated[
        int, Field(ge=1, description="Percent more opened cases than in the days before from which on there are more.")
    ] = 50
    first_engagement_ttl_days: Annotated[
        Days, Field(description="Days until the first mail, call or meeting with an account lapses as a signal.")
    ] = 3650
    lifecycle_changed_ttl_days: Annotated[
        Days, Field(description="Days until a change of an account's lifecycle lapses.")
    ] = 90
    contradiction_grace_days: Annotated[
        int, Field(ge=0, le=90, description="Days for which systems may differ: one learns later than the other.")
    ] = 7
    latest_plausible_date: Annotated[
        str,
        AfterValidator(_calendar_day),
        Field(description="Day as YYYY-MM-DD; close dates after it are taken for mistakes."),
    ] = "2040-12-31"


class Profile(Model):
    """Everything the loop must know of one tenant."""

    tenant: Annotated[
        str,
        Field(min_length=1, max_length=128, description="Id of the tenant; topics, states and logs are kept by it."),
    ]
    title: Annotated[str, Field(description="Name for people who read the profile; nothing depends on it.")] = ""
    clock: Annotated[
        Clock,
        Field(description="`wall`: the time of day decides what is due; `file`: the times in delivered records do."),
    ] = Clock.WALL
    tick: Annotated[Tick, Field(description="Step of a `file` clock: an hour or a day.")] = Tick.DAILY
    currency: Annotated[
        str, Field(description="Code of the currency in which proposals name amounts; none is converted.")
    ] = "USD"
    connectors: Annotated[
        dict[str, ConnectorProfile],
        Field(description="Systems of this tenant by connector, such as `salesforce`; `{}`: by the vendor's standard."),
    ] = {}
    own_domains: Annotated[
        tuple[str, ...], AfterValidator(_different), Field(description="Mail domains of the tenant itself.")
    ] = ()
    stages: Annotated[
        tuple[str, ...], AfterValidator(_different), Field(description="Stages of an opportunity in order.")
    ] = ()
    closed_stages: Annotated[
        tuple[str, ...], AfterValidator(_different), Field(description="Stages of deals that nothing follows.")
    ] = ()
    ended_statuses: Annotated[
        tuple[str, ...], Field(description="States in which a contract has ended, besides the usual words for it.")
    ] = ()
    signals: Annotated[
        SignalSettings, Field(description="Thresholds and lifetimes of signals; the catalogue's where not said.")
    ] = SignalSettings()
    mode: Annotated[
        Mode,
        Field(
            description="What may run: nothing, though proposals are shown (`DISABLED`, `PROPOSE_ONLY`); what a person "
            "approved, and drafts that only we see (`APPROVAL_REQUIRED`); these and low risks on the `allowlist` "
            "(`AUTO_EXECUTE`)."
        ),
    ] = Mode.APPROVAL_REQUIRED
    allowlist: Annotated[tuple[str, ...], Field(description="Action kinds that may run alone in `AUTO_EXECUTE`.")] = ()
    approval_ttl_hours: Annotated[
        int, Field(ge=1, le=24 * 365, description="Hours for which a request waits for a person.")
    ] = 24 * 7
    debounce_seconds: Annotated[
        int, Field(ge=0, description="Seconds for which signals are gathered, from the first on, before a decision.")
    ] = 60
    cooldown_seconds: Annotated[
        int, Field(ge=0, description="Least seconds between two decisions about one account.")
    ] = 300
    decisions_per_hour: Annotated[
        int, Field(ge=1, description="Most decisions about one account within an hour; more wait.")
    ] = 12

    @cached_property
    def version(self) -> str:
        """Hash of the content: a decision names the profile it rests on."""
        return content_hash(self.model_dump(mode="json"))[:16]

    @cached_property
    def clock_id(self) -> str:
        """Name of the clock whose ticks make this tenant's timers due."""
        return "wall" if self.clock is Clock.WALL else f"file:{self.tenant}"

    @cached_property
    def tick_ms(self) -> int:
        """Step of a file clock."""
        return HOUR_MS if self.tick is Tick.HOURLY else DAY_MS

    @cached_property
    def approval_ttl_ms(self) -> int:
        """How long a request waits for a person."""
        return self.approval_ttl_hours * HOUR_MS

    @cached_property
    def debounce_ms(self) -> int:
        """How long signals are gathered before a decision."""
        return self.debounce_seconds * SECOND_MS

    @cached_property
    def cooldown_ms(self) -> int:
        """Pause between two decisions about one account."""
        return self.cooldown_seconds * SECOND_MS

    @cached_property
    def stage_order(self) -> dict[str, int]:
        """Position of each stage."""
        return {stage: position for position, stage in enumerate(self.stages)}

    def is_closed(self, deal: Mapping[str, Scalar]) -> bool:
        """Whether an opportunity is over, as its record or its stage says."""
        return deal.get("closed") is True or deal.get("stage") in self.closed_stages

    def vendor_fields(self, connector: str, vendor_object: str) -> dict[str, str]:
        """Normalised field name -> vendor field of an object, of those that the profile names and a write can set."""
        found = self.connectors.get(connector)
        described = found.objects.get(vendor_object) if found else None
        fields = described.fields.items() if described else ()
        return {name: path for name, path in fields if path is not None and "|" not in path}
