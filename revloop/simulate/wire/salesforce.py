"""Salesforce: rows of query pages."""

from collections.abc import Sequence

from revloop.simulate import words
from revloop.simulate.keys import salesforce_id
from revloop.simulate.records import Account, Contact, Contract, Deal, DealRole, Record, Relation, Stage
from revloop.simulate.wire.form import Json, Poll, Row, day_text, stamp

VERSION = "v59.0"
MINUTES = (6 * 60, 12 * 60, 18 * 60, 24 * 60)
PROBABILITY = dict(zip(Stage, (10, 25, 50, 75, 100, 0), strict=True))
FORECAST = dict(zip(Stage, ("Pipeline", "Pipeline", "Best Case", "Commit", "Closed", "Omitted"), strict=True))


def polls() -> list[Poll]:
    """Objects in the order in which they are asked for."""
    names = ("Account", "Contact", "AccountContactRelation", "Opportunity", "OpportunityContactRole", "Contract")
    return [Poll("salesforce", name, MINUTES, 200, row, _page) for name in names]


def resource(record: Record) -> str:
    """The object that a record is here, empty for none."""
    match record:
        case Account():
            return "Account"
        case Contact():
            return "Contact"
        case Relation():
            return "AccountContactRelation"
        case Deal():
            return "Opportunity"
        case DealRole():
            return "OpportunityContactRole"
        case Contract() if record.in_crm:
            return "Contract"
    return ""


def row(record: Record) -> Row:
    """One row of the answer."""
    match record:
        case Account():
            return _account(record)
        case Contact():
            return _contact(record)
        case Relation():
            return _relation(record)
        case Deal():
            return _deal(record)
        case DealRole():
            return _deal_role(record)
        case Contract():
            return _contract(record)
    raise TypeError(f"{type(record).__name__} is not kept here")


def _page(rows: Sequence[Row], _at: int) -> Json:
    return {"totalSize": len(rows), "done": True, "records": list(rows)}


def _row(name: str, record_id: str, changed: int, fields: Row) -> Row:
    return {"attributes": _attributes(name, record_id), "Id": record_id, **fields, "SystemModstamp": _moment(changed)}


def _attributes(name: str, record_id: str) -> Row:
    return {"type": name, "url": f"/services/data/{VERSION}/sobjects/{name}/{record_id}"}


def _owner(name: str) -> Row:
    return {"attributes": _attributes("User", _user(name)), "Name": name}


def _moment(at: int) -> str:
    return f"{stamp(at)[:-1]}+0000"


def _account(account: Account) -> Row:
    fields: Row = {
        "Name": account.name,
        "Website": account.domain or None,
        "Industry": account.industry,
        "BillingCountry": account.country,
        "OwnerId": _user(account.owner),
        "Owner": _owner(account.owner),
        "ParentId": None,
        "Target__c": account.target,
        "Workspace_Id__c": account.workspace or None,
        "CreatedDate": _moment(account.created),
    }
    if account.master:
        fields |= {"IsDeleted": True, "MasterRecordId": account.master}
    return _row("Account", account.id, account.changed, fields)


def _contact(contact: Contact) -> Row:
    fields: Row = {
        "AccountId": contact.account,
        "Name": contact.name,
        "Email": contact.email,
        "Title": contact.title,
        "CreatedDate": _moment(contact.created),
    }
    return _row("Contact", contact.id, contact.changed, fields)


def _relation(relation: Relation) -> Row:
    fields: Row = {
        "AccountId": relation.account,
        "ContactId": relation.contact,
        "Roles": relation.part.value,
        "IsActive": relation.active,
        "StartDate": day_text(relation.started),
        "EndDate": None if relation.ended is None else day_text(relation.ended),
    }
    return _row("AccountContactRelation", relation.id, relation.changed, fields)


def _deal(deal: Deal) -> Row:
    fields: Row = {
        "AccountId": deal.account,
        "Name": deal.name,
        "StageName": deal.stage.value,
        "Amount": deal.amount,
        "CloseDate": None if deal.close is None else day_text(deal.close),
        "Probability": float(PROBABILITY[deal.stage]),
        "ForecastCategoryName": FORECAST[deal.stage],
        "IsClosed": deal.stage.closed,
        "IsWon": deal.stage is Stage.WON,
        "NextStep": None,
        "OwnerId": _user(deal.owner),
        "Owner": _owner(deal.owner),
        "CreatedDate": _moment(deal.created),
    }
    return _row("Opportunity", deal.id, deal.changed, fields)


def _deal_role(role: DealRole) -> Row:
    fields: Row = {
        "OpportunityId": role.deal,
        "ContactId": role.contact,
        "Role": role.part.value,
        "IsPrimary": False,
        "IsDeleted": role.deleted,
    }
    return _row("OpportunityContactRole", role.id, role.changed, fields)


def _contract(contract: Contract) -> Row:
    last = contract.ends - 1
    fields: Row = {
        "ContractNumber": contract.id,
        "AccountId": contract.account,
        "Status": "Activated" if contract.over is None else "Expired",
        "StartDate": day_text(contract.starts),
        "ContractTerm": (contract.ends - contract.starts) // 365 * 12,
        "EndDate": day_text(last),
        "Plan__c": contract.plan,
    }
    return _row("Contract", salesforce_id("800", contract.id), contract.changed, fields)


def _user(name: str) -> str:
    return salesforce_id("005", words.OWN_DOMAIN, name)
