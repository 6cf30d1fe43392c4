"""Google Calendar: meetings by sync pages."""
