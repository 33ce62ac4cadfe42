"""Promises with a clock: what is promised, the cases in which somebody is owed it, and what became of each."""
