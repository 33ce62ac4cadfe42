"""What breaks in a year of service, each fault tried with the real parts, and what it cost."""
