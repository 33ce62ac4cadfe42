"""A document made by hand: every kind of value and block, few enough to be worked out in a test's own text."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.reports.document import (
    Chart,
    Column,
    Definition,
    Definitions,
    Document,
    Form,
    Kind,
    Notice,
    Paragraph,
    Quotient,
    Section,
    Table,
    Tile,
    Tiles,
)
from monitor.reports.periods import Period

if TYPE_CHECKING:
    from monitor.texts import Language

SEOUL = ZoneInfo("Asia/Seoul")

DAYS = Table(
    key="days",
    title="날짜별 벨울림",
    columns=(
        Column(key="day", heading="날짜", kind=Kind.DAY),
        Column(key="weekday", heading="요일", kind=Kind.TEXT),
        Column(key="kept", heading="준수", kind=Kind.COUNT, summed=True),
        Column(key="broken", heading="미준수", kind=Kind.COUNT, summed=True),
        Column(
            key="compliance",
            heading="준수율",
            kind=Kind.SHARE,
            quotient=Quotient(numerator=("kept",), denominator=("kept", "broken")),
        ),
        Column(key="change", heading="전월 대비", kind=Kind.POINTS),
        Column(key="talking", heading="통화 시간", kind=Kind.DURATION, summed=True),
        Column(
            key="mean_talking",
            heading="평균 통화 시간(초)",
            kind=Kind.SECONDS,
            quotient=Quotient(numerator=("talking",), denominator=("kept",)),
        ),
        Column(
            key="others",
            heading="미준수 제외 비율",
            kind=Kind.SHARE,
            quotient=Quotient(numerator=("kept", "-broken"), denominator=("kept",)),
        ),
        Column(key="p95", heading="상위 5% 대기(초)", kind=Kind.SECONDS),
        Column(key="a_day", heading="하루 평균 통화", kind=Kind.NUMBER),
    ),
    rows=(
        (date(2026, 10, 1), "목", 3, 1, 0.75, 0.012, 600.5, 200.16666666666666, 2 / 3, 8.9996, 4.0),
        (date(2026, 10, 2), "금", 0, 0, None, None, 0.0, None, None, None, 0.0),
        (date(2026, 10, 3), "토", 2000, 1, 2000 / 2001, -0.02, 90000.0, 45.0, 1999 / 2000, 12.0, 2001.0),
    ),
    # Kept 3 + 0 + 2000, broken 1 + 0 + 1, talking 600.5 + 0 + 90,000 s.
    total=("합계", None, 2003, 2, 2003 / 2005, 0.0, 90600.5, 90600.5 / 2003, 2001 / 2003, None, None),
    note="준수율은 3번 울리기 전에 받은 통화를 판정한 통화로 나눈 값입니다. 제외한 통화는 세지 않습니다.",
)
RINGS = Table(
    key="rings",
    title="벨 횟수 [1/2]: 상담원이 받기까지 울린 횟수와 끝내 받지 못한 통화",
    columns=(
        Column(key="rings", heading="벨 횟수", kind=Kind.COUNT),
        Column(key="answered", heading="받음", kind=Kind.COUNT, summed=True),
        Column(key="never_answered", heading="받지 못함", kind=Kind.COUNT, summed=True),
    ),
    rows=((1, 800, 3), (2, 700, 2), (3, 500, 0), (4, 30, 1), (5, 4, 2)),
    total=("합계", 2034, 8),
)
HEAT = Table(
    key="half_hours",
    title="요일과 시간대",
    columns=(
        Column(key="weekday", heading="요일", kind=Kind.TEXT),
        *(
            Column(key=f"h{hour:02}", heading=f"{hour:02}:00", kind=Kind.COUNT)
            for hour in range(9, 18)
        ),
    ),
    rows=tuple(
        (day, *(None if hour == 12 else place * (hour - 8) for hour in range(9, 18)))
        for place, day in enumerate("월화수목금")
    ),
    shaded=tuple(f"h{hour:02}" for hour in range(9, 18)),
    darkest_is_worst=True,
)  # fmt: skip
MISSED = Table(
    key="missed",
    title="받지 못한 통화",
    columns=(
        Column(key="at", heading="시각", kind=Kind.INSTANT),
        Column(key="caller", heading="발신 번호", kind=Kind.TEXT),
        Column(key="waiting", heading="대기(초)", kind=Kind.SECONDS),
        Column(key="page", heading="통화 보기", kind=Kind.LINK),
    ),
    rows=(
        (
            datetime(2026, 10, 1, 23, 59, 59, 900_000, tzinfo=SEOUL),
            '=HYPERLINK("http://x.example")',
            8.96,
            "https://calls.example.org/calls/pbx1/1",
        ),
        (datetime(2026, 10, 2, 9, 0, tzinfo=SEOUL), "+82-10-****-5678", 0.5, "https://calls.example.org/calls/a?b=1&c"),
        (datetime(2026, 10, 2, 9, 1, tzinfo=SEOUL), '\t@SUM(A1), "x"\r\ny', None, "javascript:alert(1)"),
        (datetime(2026, 10, 2, 9, 2, tzinfo=SEOUL), "-cmd", 4.0, None),
    ),
    first=2,
)  # fmt: skip
AGENTS = Table(
    key="agents",
    title="벨 횟수 [1:2] 상담원이 받기까지 울린 횟수와 끝내 받지 못한 통화",
    columns=(
        Column(key="member", heading="상담원", kind=Kind.TEXT),
        Column(key="answered", heading="받은 통화", kind=Kind.COUNT, summed=True),
        Column(key="share", heading="준수율", kind=Kind.SHARE),
    ),
    rows=(("김상담", 12, 1.0), ("이응대", 5, 0.9996), ("=1+1", 0, None), ("15886565", 3, 0.0003)),
    total=("합계", 20, None),
)
GAPS = Table(
    key="gaps",
    title="관측하지 못한 시간",
    columns=(
        Column(key="started", heading="시작", kind=Kind.INSTANT),
        Column(key="seconds", heading="길이", kind=Kind.DURATION, summed=True),
    ),
    rows=(),
    total=("합계", 0.0),
    empty="관측하지 못한 시간이 없습니다.",
)
CHARTS = (
    Chart(
        key="days",
        title="날짜별 준수율",
        alt="준수율은 1일 75.0%, 3일 99.9%입니다.",
        form=Form.LINE,
        table="days",
        category="day",
        values=("compliance",),
        target=0.95,
    ),
    Chart(
        key="rings",
        title="벨 횟수별 통화",
        alt="1번 울린 통화가 803건으로 가장 많습니다.",
        form=Form.STACKED,
        table="rings",
        category="rings",
        values=("answered", "never_answered"),
        mark_from=4,
    ),
    Chart(
        key="heat",
        title="요일과 시간대",
        alt="금요일 17시에 가장 많습니다.",
        form=Form.HEAT,
        table="half_hours",
        category="weekday",
        values=HEAT.shaded,
        mark_from=None,
    ),
    Chart(
        key="agents",
        title="상담원별 받은 통화",
        alt="김상담이 12건으로 가장 많습니다.",
        form=Form.ROWS,
        table="agents",
        category="member",
        values=("answered",),
    ),
)
TILES = Tiles(
    tiles=(
        Tile(
            key="compliance",
            label="준수율 (3번 이내)",
            value=2003 / 2005,
            kind=Kind.SHARE,
            detail=("2,003건 준수, 2건 미준수", "전월보다 +1.2%p"),
            state="good",
        ),
        Tile(key="asa", label="평균 응대 속도", value=6.2137, kind=Kind.SECONDS),
        Tile(key="worst", label="가장 나쁜 날", value=date(2026, 10, 1), kind=Kind.DAY, state="bad"),
        Tile(key="none", label="작년 같은 달", value=None, kind=Kind.SHARE),
        Tile(key="rule", label="기준", value="=three-rings/1", kind=Kind.TEXT),
    )
)


def paper(language: Language = "ko") -> Document:
    """The document; its texts are Korean in either language, its units are not."""
    days, rings, heat, agents = CHARTS
    return Document(
        title="벨울림 월간 보고서 2026년 10월",
        subtitle="=대표번호 1588-6565",
        language=language,
        cover=(("회선", "1588-6565"), ("기준", "+ 벨이 3번 울리기 전에 받습니다."), ("관측률", "99.8%")),
        sections=(
            Section(
                key="summary",
                title="요약",
                blocks=(
                    Notice(text="관측하지 못한 시간이 있어 모든 통화를 담지 못했습니다."),
                    Paragraph(text="=10월에는 전화벨이 3번 울리기 전에 거의 모든 통화를 받았습니다."),
                    TILES,
                ),
            ),
            Section(key="rings", title="벨 횟수", blocks=(rings, RINGS, days, DAYS)),
            Section(key="times", title="시간대", blocks=(heat, HEAT)),
            Section(key="lost", title="받지 못한 통화와 상담원", blocks=(MISSED, agents, AGENTS, GAPS)),
            Section(
                key="annex",
                title="부록",
                blocks=(
                    Definitions(
                        entries=(
                            Definition(
                                term="준수율",
                                text="제외한 통화는 어느 쪽에도 세지 않고 따로 보입니다.",
                                formula="= 준수 / (준수 + 미준수)",
                            ),
                            Definition(term="평균 응대 속도", text="받은 통화의 대기 시간 평균입니다."),
                        )
                    ),
                ),
            ),
        ),
        footer="벨울림 월간 보고서 · 2026년 10월 · three-rings/1 & 그 뒤",
        period=Period.month("2026-10", SEOUL),
        made_at=datetime(2026, 11, 2, 7, 0, 0, 250_000, tzinfo=SEOUL),
    )
