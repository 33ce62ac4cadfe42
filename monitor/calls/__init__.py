"""The call state: AMI events in, facts out. Pure: no sockets, no clock, no database; time arrives with the event."""
