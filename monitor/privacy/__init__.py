"""What becomes of personal data: how long they stay, how a person is forgotten, and how both are shown to be so."""
