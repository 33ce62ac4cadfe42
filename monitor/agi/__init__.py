"""Asks a caller before they are passed on (양해): the program that Asterisk's dialplan runs on a transfer.

It stands on the PBX and needs nothing there but Python, pyst2 and these files: of the package's other rooms it knows
the errors and the patterns of numbers alone, which need no library.

**Source:** the charter, "다른 직원에게 전화연결을 해야 할 경우에는 양해를 구한 후 업무담당자에게 연결하겠습니다".
"""
