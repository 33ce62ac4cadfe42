"""Every sentence a person reads in the terminal, in Korean and in English.

Field by field in both languages, so that the type checker refuses a missing one. `{…}` are filled in by the terminal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from monitor.calls.facts import (
    AgentStatus,
    GapCause,
    Outcome,
    Scope,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.rules import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["ko", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """One language."""

    title: str
    ringing_now: str
    waiting_now: str
    agents: str
    breaches: str
    transfers: str
    today: str
    rings: str
    seconds: str
    phone: str
    queue: str
    caller: str
    line: str
    time: str
    outcome: str
    passed_on: str
    kind: str
    scope: str
    result: str
    reconnection: str
    nobody_rings: str
    nobody_waits: str
    no_agents: str
    no_breaches: str
    no_transfers: str
    more: str
    no_caller: str
    goes_on: str
    no_figure: str
    calls_in_progress: str
    offered: str
    answered: str
    abandoned: str
    answer_rate: str
    compliance: str
    kept: str
    excluded: str
    direct_handling: str
    store: str
    observed: str
    not_heard_yet: str
    quit_hint: str
    readings: Mapping[Reading, str]
    agent_statuses: Mapping[AgentStatus, str]
    outcomes: Mapping[Outcome, str]
    verdicts: Mapping[Verdict, str]
    verdict_reasons: Mapping[VerdictReason, str]
    transfer_kinds: Mapping[TransferKind, str]
    transfer_results: Mapping[TransferResult, str]
    scopes: Mapping[Scope, str]
    gap_causes: Mapping[GapCause, str]
    plain_warning: str
    plain_breach: str
    plain_transfer: str
    plain_end: str
    plain_down: str
    plain_up: str
    plain_status: str
    plain_seconds: str
    summary: str
    summary_calls: str
    summary_verdicts: str
    summary_transfers: str


KOREAN = Texts(
    title="전화벨 현황판",
    ringing_now="지금 울리는 전화",
    waiting_now="기다리는 고객",
    agents="상담원",
    breaches="벨 초과",
    transfers="전화연결",
    today="오늘",
    rings="벨",
    seconds="초",
    phone="울리는 전화기",
    queue="대기열",
    caller="고객 번호",
    line="회선",
    time="시각",
    outcome="결과",
    passed_on="보냄 → 받음",
    kind="방식",
    scope="범위",
    result="결과",
    reconnection="연결",
    nobody_rings="울리는 전화가 없습니다",
    nobody_waits="기다리는 고객이 없습니다",
    no_agents="아직 알려진 상담원이 없습니다",
    no_breaches="벨 초과가 없습니다",
    no_transfers="전화연결이 없습니다",
    more="외 {count}",
    no_caller="번호 없음",
    goes_on="진행 중",
    no_figure="-",
    calls_in_progress="진행 중",
    offered="인입",
    answered="응대",
    abandoned="포기",
    answer_rate="응대율",
    compliance="준수율",
    kept="준수/위반",
    excluded="제외",
    direct_handling="직접처리율",
    store="원장",
    observed="수신 중",
    not_heard_yet="연결 전",
    quit_hint="Ctrl+C 끝내기",
    readings={Reading.WITHIN: "{limit}번까지", Reading.BEFORE: "{limit}번 전"},
    agent_statuses={
        AgentStatus.FREE: "대기",
        AgentStatus.RINGING: "울림",
        AgentStatus.TALKING: "통화",
        AgentStatus.WRAP_UP: "후처리",
        AgentStatus.PAUSED: "휴식",
        AgentStatus.AWAY: "이석",
    },
    outcomes={
        Outcome.ANSWERED: "응대",
        Outcome.ABANDONED_ANNOUNCEMENT: "안내 중 포기",
        Outcome.ABANDONED_WAITING: "대기 중 포기",
        Outcome.ABANDONED_RINGING: "벨 중 포기",
        Outcome.NO_ANSWER: "무응답",
        Outcome.BUSY: "통화 중",
        Outcome.FAILED: "실패",
        Outcome.UNOBSERVED: "관측 못 함",
    },
    verdicts={Verdict.KEPT: "준수", Verdict.BROKEN: "위반", Verdict.EXCLUDED: "제외"},
    verdict_reasons={
        VerdictReason.ANSWERED_WITHIN_RULE: "기준 안에 응대",
        VerdictReason.RANG_PAST_RULE: "기준을 넘겨 울림",
        VerdictReason.CENTRE_GAVE_UP: "센터가 연결을 끝냄",
        VerdictReason.CALLER_LEFT_WITHIN_RULE: "기준 안에 고객이 끊음",
        VerdictReason.NO_PHONE_RANG: "울린 전화 없음",
        VerdictReason.PARTLY_UNOBSERVED: "일부 관측 못 함",
    },
    transfer_kinds={
        TransferKind.BLIND: "바로 연결",
        TransferKind.ATTENDED: "상의 후 연결",
        TransferKind.BLONDE: "울릴 때 연결",
        TransferKind.FORWARD: "착신전환",
    },
    transfer_results={
        TransferResult.COMPLETED: "연결됨",
        TransferResult.NO_ANSWER: "무응답",
        TransferResult.BUSY: "통화 중",
        TransferResult.RETURNED: "되돌아옴",
        TransferResult.CALLER_LEFT: "고객이 끊음",
        TransferResult.FAILED: "실패",
        TransferResult.UNOBSERVED: "관측 못 함",
    },
    scopes={Scope.INSIDE: "센터 안", Scope.OUTSIDE: "센터 밖", Scope.UNKNOWN: "모름"},
    gap_causes={
        GapCause.NOT_CONNECTED: "연결 끊김",
        GapCause.NOT_BOOTED: "시작 중",
        GapCause.RESTARTED: "재시작됨",
        GapCause.MONITOR_DOWN: "모니터 꺼짐",
        GapCause.CLOCK_STEP: "시계 어긋남",
        GapCause.OVERFLOW: "수신 넘침",
        GapCause.CAPTURE_BREAK: "기록 끊김",
    },
    plain_warning="{time} 벨 경고    {line} · {rings}번째 벨 · {agents} · 고객 {caller}",
    plain_breach="{time} 벨 초과    {line} · {rings}번째 벨 · {agents} · 고객 {caller}",
    plain_transfer="{time} 전화연결   {line} · {by} → {to} ({scope}) · {kind} · {result} {reconnection}",
    plain_end="{time} 전화 끝    {line} · {outcome} · 벨 {rings}번, {seconds}초 · {verdict} ({reason}) · 고객 {caller}",
    plain_down="{time} 수신 끊김  {system} · {cause}",
    plain_up="{time} 수신 재개  {system} · {cause} {seconds}초",
    plain_status=(
        "{time} 현황       울림 {ringing} · 대기 {waiting} · 통화 {talking} · 오늘 인입 {offered} · "
        "응대율 {answer_rate} · 준수율 {compliance}"
    ),
    plain_seconds="{seconds}초",
    summary="요약",
    summary_calls="전화 {offered}건: {outcomes}",
    summary_verdicts="준수율 {reading} {rate}: {verdicts}",
    summary_transfers="전화연결 {count}건: {kinds}",
)

ENGLISH = Texts(
    title="Ring board",
    ringing_now="Ringing now",
    waiting_now="Callers waiting",
    agents="Agents",
    breaches="Rang too long",
    transfers="Transfers",
    today="Today",
    rings="rings",
    seconds="s",
    phone="phones ringing",
    queue="queue",
    caller="caller",
    line="line",
    time="time",
    outcome="outcome",
    passed_on="by → to",
    kind="kind",
    scope="scope",
    result="result",
    reconnection="s",
    nobody_rings="no phone is ringing",
    nobody_waits="nobody is waiting",
    no_agents="no agents known yet",
    no_breaches="no call has rung too long",
    no_transfers="no transfers",
    more="and {count} more",
    no_caller="no number",
    goes_on="goes on",
    no_figure="-",
    calls_in_progress="in progress",
    offered="offered",
    answered="answered",
    abandoned="abandoned",
    answer_rate="answer rate",
    compliance="compliance",
    kept="kept/broken",
    excluded="excluded",
    direct_handling="handled directly",
    store="ledger",
    observed="listening",
    not_heard_yet="not connected yet",
    quit_hint="Ctrl+C ends",
    readings={Reading.WITHIN: "within {limit}", Reading.BEFORE: "before {limit}"},
    agent_statuses={
        AgentStatus.FREE: "free",
        AgentStatus.RINGING: "ringing",
        AgentStatus.TALKING: "talking",
        AgentStatus.WRAP_UP: "wrap-up",
        AgentStatus.PAUSED: "paused",
        AgentStatus.AWAY: "away",
    },
    outcomes={
        Outcome.ANSWERED: "answered",
        Outcome.ABANDONED_ANNOUNCEMENT: "left in menu",
        Outcome.ABANDONED_WAITING: "left waiting",
        Outcome.ABANDONED_RINGING: "left ringing",
        Outcome.NO_ANSWER: "no answer",
        Outcome.BUSY: "busy",
        Outcome.FAILED: "failed",
        Outcome.UNOBSERVED: "unobserved",
    },
    verdicts={Verdict.KEPT: "kept", Verdict.BROKEN: "broken", Verdict.EXCLUDED: "excluded"},
    verdict_reasons={
        VerdictReason.ANSWERED_WITHIN_RULE: "answered within the rule",
        VerdictReason.RANG_PAST_RULE: "rang past the rule",
        VerdictReason.CENTRE_GAVE_UP: "the centre gave up",
        VerdictReason.CALLER_LEFT_WITHIN_RULE: "caller left within the rule",
        VerdictReason.NO_PHONE_RANG: "no phone rang",
        VerdictReason.PARTLY_UNOBSERVED: "partly unobserved",
    },
    transfer_kinds={
        TransferKind.BLIND: "blind",
        TransferKind.ATTENDED: "attended",
        TransferKind.BLONDE: "blonde",
        TransferKind.FORWARD: "forward",
    },
    transfer_results={
        TransferResult.COMPLETED: "completed",
        TransferResult.NO_ANSWER: "no answer",
        TransferResult.BUSY: "busy",
        TransferResult.RETURNED: "returned",
        TransferResult.CALLER_LEFT: "caller left",
        TransferResult.FAILED: "failed",
        TransferResult.UNOBSERVED: "unobserved",
    },
    scopes={Scope.INSIDE: "inside", Scope.OUTSIDE: "outside", Scope.UNKNOWN: "unknown"},
    gap_causes={
        GapCause.NOT_CONNECTED: "not connected",
        GapCause.NOT_BOOTED: "starting up",
        GapCause.RESTARTED: "restarted",
        GapCause.MONITOR_DOWN: "monitor was down",
        GapCause.CLOCK_STEP: "clock stepped",
        GapCause.OVERFLOW: "events overflowed",
        GapCause.CAPTURE_BREAK: "recording broken off",
    },
    plain_warning="{time} warning    {line} · ring {rings} · {agents} · caller {caller}",
    plain_breach="{time} BREACH     {line} · ring {rings} · {agents} · caller {caller}",
    plain_transfer="{time} transfer   {line} · {by} → {to} ({scope}) · {kind} · {result} {reconnection}",
    plain_end=(
        "{time} call ended {line} · {outcome} · rings {rings}, {seconds} s · {verdict} ({reason}) · caller {caller}"
    ),
    plain_down="{time} not heard  {system} · {cause}",
    plain_up="{time} heard anew {system} · {cause} {seconds} s",
    plain_status=(
        "{time} now        ringing {ringing} · waiting {waiting} · talking {talking} · offered today {offered} · "
        "answer rate {answer_rate} · compliance {compliance}"
    ),
    plain_seconds="{seconds} s",
    summary="Summary",
    summary_calls="{offered} calls: {outcomes}",
    summary_verdicts="compliance {reading} {rate}: {verdicts}",
    summary_transfers="{count} transfers: {kinds}",
)

TEXTS: Mapping[Language, Texts] = {"ko": KOREAN, "en": ENGLISH}
