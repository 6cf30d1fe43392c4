"""What an account's records come to, its open signals and a moment come in; the sections of its state go out."""

from collections.abc import Iterator, Sequence

import msgspec

from revloop.contracts.generated.events import (
    AccountFacts,
    BuyingGap,
    BuyingGroup,
    BuyingRole,
    CommercialWindow,
    ContractTerms,
    Lifecycle,
    MeetingSummary,
    OpenDeal,
    SignalView,
    SupportSummary,
    UsageSummary,
    UsageTrend,
)
from revloop.contracts.times import DAY_MS, day_of
from revloop.tenants import Profile, SignalSettings

SHOWN_RECORDS = 20
SHOWN_PEOPLE = 50
TRENDS = {"USAGE_DROP_PERCENT": UsageTrend.FALLING, "USAGE_SPIKE": UsageTrend.RISING}


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """The sections of a state that come from records; part of its content."""

    lifecycle: Lifecycle
    commercial: CommercialWindow | None
    buying_group: BuyingGroup | None
    support: SupportSummary | None
    usage: UsageSummary | None
    meetings: MeetingSummary | None
    name: str = ""

    @property
    def runs(self) -> bool:
        """Whether anything goes on: a contract, a deal, a case that waits, a meeting to come."""
        window, support, meetings = self.commercial, self.support, self.meetings
        return bool(
            (window and (window.in_force or window.open_deals))
            or (support and support.waiting)
            or (meetings and meetings.planned)
        )


def outlook(facts: AccountFacts, signals: Sequence[SignalView], profile: Profile, as_of: int) -> Outlook:
    """The sections as of a moment; what is not known of an account has no section."""
    contracts = list(_signed(facts))
    deals = sorted(facts.deals.values(), key=_by_close)
    return Outlook(
        lifecycle=_lifecycle(facts, contracts, as_of),
        commercial=_window(contracts, deals, profile.signals, as_of),
        buying_group=_group(facts, deals, profile.signals),
        support=_support(facts),
        usage=_usage(signals),
        meetings=_meetings(facts, as_of),
        name=next((facts.names[record] for record in sorted(facts.names)), ""),
    )


def changes_at(facts: AccountFacts, as_of: int) -> int | None:
    """When the sections change next though nothing is told."""
    bounds = [one.at for one in facts.meetings.values()]
    bounds += [at for one in facts.contracts.values() for at in (one.starts, one.ends) if at is not None]
    return min((at for at in bounds if at > as_of), default=None)


def _signed(facts: AccountFacts) -> Iterator[ContractTerms]:
    """Each contract once, by number, without those that are drafts wherever they are told."""
    found: dict[str, list[ContractTerms]] = {}
    for terms in facts.contracts.values():
        found.setdefault(terms.number, []).append(terms)
    for _, told in sorted(found.items()):
        if not all(one.draft for one in told):
            yield _merged(sorted(told, key=lambda one: (one.entity.connector, one.entity.entity_id)))


def _merged(told: Sequence[ContractTerms]) -> ContractTerms:
    return msgspec.structs.replace(
        told[0],
        starts=min((one.starts for one in told if one.starts is not None), default=None),
        ends=max((one.ends for one in told if one.ends is not None), default=None),
        amount=next((one.amount for one in told if one.amount is not None), None),
        ended=any(one.ended for one in told),
        trial=any(one.trial for one in told),
        draft=False,
    )


def _holds(terms: ContractTerms, as_of: int) -> bool:
    return not terms.ended and _began(terms, as_of) and (terms.ends is None or as_of < terms.ends)


def _began(terms: ContractTerms, as_of: int) -> bool:
    return terms.starts is None or terms.starts <= as_of


def _lifecycle(facts: AccountFacts, contracts: Sequence[ContractTerms], as_of: int) -> Lifecycle:
    """The way perception tells LIFECYCLE_CHANGED; what was so when a source was first read is told by no signal."""
    own = [terms for terms in contracts if not terms.trial]
    if any(_holds(terms, as_of) for terms in own):
        return Lifecycle.CUSTOMER
    if facts.churned or any(_began(terms, as_of) for terms in own):
        return Lifecycle.CHURNED
    engaged = facts.engaged or any(one.at <= as_of for one in facts.meetings.values())
    return Lifecycle.SUSPECT if engaged else Lifecycle.PROSPECT


def _window(
    contracts: Sequence[ContractTerms], deals: Sequence[OpenDeal], settings: SignalSettings, as_of: int
) -> CommercialWindow | None:
    if not contracts and not deals:
        return None
    standing = [one for one in contracts if not one.ended and (one.ends is None or as_of < one.ends)]
    standing.sort(key=lambda one: (one.ends is None, one.ends or 0, one.number))
    in_force = [one for one in standing if _began(one, as_of) and not one.trial]
    return CommercialWindow(
        renewal_at=next((one.ends for one in in_force if _is_renewed(one, settings)), None),
        next_close_date=next((deal.close_date for deal in deals if deal.close_date), ""),
        in_force=len(in_force),
        open_deals=len(deals),
        contracts=tuple(standing[:SHOWN_RECORDS]),
        deals=tuple(deals[:SHOWN_RECORDS]),
    )


def _is_renewed(terms: ContractTerms, settings: SignalSettings) -> bool:
    """Whether people renew it; shorter ones go on by themselves."""
    if terms.ends is None:
        return False
    return terms.starts is None or terms.ends - terms.starts >= settings.renewal_min_term_days * DAY_MS


def _by_close(deal: OpenDeal) -> tuple[bool, str, str, str]:
    return (not deal.close_date, deal.close_date, deal.entity.connector, deal.entity.entity_id)


def _group(facts: AccountFacts, deals: Sequence[OpenDeal], settings: SignalSettings) -> BuyingGroup | None:
    people = sorted(facts.people.values(), key=_by_deal)
    gaps = [gap for deal in deals if (gap := _gap(people, deal, settings)) is not None]
    if not people and not gaps:
        return None
    return BuyingGroup(people=tuple(people[:SHOWN_PEOPLE]), people_count=len(people), gaps=tuple(gaps[:SHOWN_RECORDS]))


def _by_deal(one: BuyingRole) -> tuple[str, str, str, str]:
    return (one.opportunity_id, one.contact_id, one.entity.connector, one.entity.entity_id)


def _gap(people: Sequence[BuyingRole], deal: OpenDeal, settings: SignalSettings) -> BuyingGap | None:
    on_deal = [one for one in people if one.opportunity_id == deal.entity.entity_id]
    roles = {role for one in on_deal for role in one.roles}
    count = len({one.contact_id for one in on_deal})
    missing = {
        "buyer": roles.isdisjoint(settings.buyer_roles),
        "champion": roles.isdisjoint(settings.champion_roles),
        "people": count < settings.stakeholder_gap_min_people,
    }
    lacks = tuple(name for name, is_missing in missing.items() if is_missing)
    return BuyingGap(entity=deal.entity, people=count, lacks=lacks) if lacks else None


def _support(facts: AccountFacts) -> SupportSummary | None:
    days = facts.cases
    if not days:
        return None
    return SupportSummary(
        waiting=sum(day.waiting for day in days.values()),
        severe=sum(day.severe for day in days.values()),
        escalated=sum(day.escalated for day in days.values()),
        oldest_day=day_of(min(map(int, days)) * DAY_MS),
    )


def _usage(signals: Sequence[SignalView]) -> UsageSummary | None:
    """World model is told of usage by its signals alone: single uses never come here."""
    told = next((signal for signal in signals if signal.signal_type in TRENDS), None)
    if told is None:
        return None
    figure = next((item for item in told.evidence if item.field == "usage_30_days"), None)
    before = figure.before if figure is not None else None
    after = figure.after if figure is not None else None
    return UsageSummary(
        trend=TRENDS[told.signal_type],
        last_30_days=after if isinstance(after, float) else None,
        usual_30_days=round(before / 3, 2) if isinstance(before, float) else None,
        signal_id=told.signal_id,
    )


def _meetings(facts: AccountFacts, as_of: int) -> MeetingSummary | None:
    by_time = sorted(facts.meetings.values(), key=lambda one: (one.at, one.entity.connector, one.entity.entity_id))
    held = [one for one in by_time if one.at <= as_of]
    planned = by_time[len(held) :]
    if not by_time:
        return None
    return MeetingSummary(last=held[-1] if held else None, next=planned[0] if planned else None, planned=len(planned))
