"""How Salesforce's own objects and fields are read; custom fields (``…__c``) are the tenant's, in its profile."""

from collections.abc import Mapping

from revloop.contracts.entities import EntityType
from revloop.integrations.record import ObjectMapping

ACCOUNT = "salesforce/Account"
CONTACT = "salesforce/Contact"
OPPORTUNITY = "salesforce/Opportunity"

OBJECTS: Mapping[str, ObjectMapping] = {
    "Account": ObjectMapping(
        entity_type=EntityType.ACCOUNT,
        account="Id",
        names={"domain": "Website | domain"},
        fields={
            "name": "Name",
            "domain": "Website | domain",
            "industry": "Industry",
            "country": "BillingCountry",
            "owner": "Owner.Name",
            "owner_id": "OwnerId",
            "created": "CreatedDate",
            "parent_id": "ParentId",
        },
    ),
    "Contact": ObjectMapping(
        entity_type=EntityType.CONTACT,
        via={ACCOUNT: "AccountId"},
        names={"email": "Email | lower"},
        fields={"name": "Name", "email": "Email | lower", "title": "Title", "created": "CreatedDate"},
    ),
    "AccountContactRelation": ObjectMapping(
        entity_type=EntityType.STAKEHOLDER,
        via={ACCOUNT: "AccountId"},
        fields={
            "contact_id": "ContactId",
            "role": "Roles",
            "active": "IsActive",
            "started": "StartDate",
            "ended": "EndDate",
        },
    ),
    "OpportunityContactRole": ObjectMapping(
        entity_type=EntityType.STAKEHOLDER,
        via={OPPORTUNITY: "OpportunityId", CONTACT: "ContactId"},
        fields={"contact_id": "ContactId", "role": "Role", "opportunity_id": "OpportunityId"},
    ),
    "Opportunity": ObjectMapping(
        entity_type=EntityType.OPPORTUNITY,
        via={ACCOUNT: "AccountId"},
        fields={
            "name": "Name",
            "stage": "StageName",
            "stage_since": "LastStageChangeDate",
            "amount": "Amount",
            "close_date": "CloseDate",
            "created": "CreatedDate",
            "closed": "IsClosed",
            "won": "IsWon",
            "owner": "Owner.Name",
            "owner_id": "OwnerId",
            "next_step": "NextStep",
            "forecast_category": "ForecastCategoryName",
            "probability": "Probability",
        },
    ),
    "Contract": ObjectMapping(
        entity_type=EntityType.CONTRACT,
        key="ContractNumber",
        via={ACCOUNT: "AccountId"},
        fields={
            "number": "ContractNumber",
            "starts": "StartDate",
            "ends": "EndDate | day_after",
            "status": "Status",
            "term_months": "ContractTerm",
        },
    ),
    "Case": ObjectMapping(
        entity_type=EntityType.SUPPORT_CASE,
        key="CaseNumber",
        via={ACCOUNT: "AccountId", CONTACT: "ContactId"},
        fields={
            "subject": "Subject",
            "status": "Status",
            "priority": "Priority",
            "created": "CreatedDate",
            "resolved": "ClosedDate",
            "escalated": "IsEscalated",
        },
    ),
    "Event": ObjectMapping(
        entity_type=EntityType.MEETING,
        via={ACCOUNT: "AccountId", CONTACT: "WhoId"},
        fields={"title": "Subject", "starts": "StartDateTime", "ends": "EndDateTime", "location": "Location"},
    ),
    "Task": ObjectMapping(
        entity_type=EntityType.INTERACTION,
        via={ACCOUNT: "AccountId", CONTACT: "WhoId"},
        fields={"kind": "TaskSubtype | lower", "subject": "Subject", "contact_id": "WhoId", "at": "CompletedDateTime"},
    ),
    "User": ObjectMapping(
        entity_type=EntityType.USER, fields={"name": "Name", "email": "Email | lower", "active": "IsActive"}
    ),
}
