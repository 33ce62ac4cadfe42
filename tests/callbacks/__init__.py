"""Calls back: what is owed, what became of it, and how people work on it."""
