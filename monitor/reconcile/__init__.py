"""What Asterisk wrote of its calls itself, against the ledger: calls only it saw are put in, differences are told.

`comparing` and `merging` are pure. `reading` opens what Asterisk wrote, `work` compares a period and writes what came
of it, `nightly` has that done for the day before. What no source tells stays null, and is no disagreement: see
docs/reconcile.md.
"""
