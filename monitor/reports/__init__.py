"""Reports of a period: ledger rows → figures → document → PDF, XLSX, HTML, CSV, JSON.

    order.py      what is asked for
    figures.py    what a period held, as plain numbers (the contract between counting and telling)
    document.py   what a report says: sections of tables, charts, sentences (the contract between telling and drawing)
    make.py       order → figures → document → files, all of them or none

The ledger is read in `reading`, quotients are made by `monitor.calls.formulas` alone, words come from the catalogue
`reports`, and a renderer knows the document and nothing else.
"""
