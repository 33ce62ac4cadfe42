"""Recordings of a real Asterisk, and what each must come to."""
