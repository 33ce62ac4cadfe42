"""Calls from before the monitor: Asterisk's own records, read as calls of the ledger.

`queue_log`, `queue_calls`, `cdr` and `cel` are pure: lines or rows in, calls out, each as soon as it is complete.
`files` and `record_table` open what they are read from, `intake` writes them to a ledger. What no source tells stays
null: see docs/imports.md.
"""
