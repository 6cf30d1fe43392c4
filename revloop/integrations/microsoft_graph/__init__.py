"""Microsoft Graph: Outlook calendars by delta pages."""
