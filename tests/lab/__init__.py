"""The laboratory: a real Asterisk with SIPp callers and phones, measured on the wire."""
