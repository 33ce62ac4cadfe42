"""The configuration files of one laboratory Asterisk, as text.

Everything listens on 127.0.0.1. What differs between scenarios (endpoints, dialplan, queues) is handed in; what
is the same for all of them stands here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

READ_ALL = "system,call,log,verbose,agent,user,dtmf,reporting,cdr,dialplan,security"
"""Every class of event that a manager account may read, without one that lets it act."""

READ_NEEDED = "system,call,agent,user,dialplan"
"""The classes of event that a call monitor needs."""

NO_VARSET = "eventfilter(action(exclude),name(VarSet),header(Variable),method(regex)) = ^([^M]|M[^I]|MI[^X]|MIX[^M])"
"""A manager.conf line that keeps `VarSet` events from an account, checked by Asterisk before it writes them; those of
MIXMONITOR_FILENAME alone pass, which name recordings."""

SECRET = "laboratory-7d41c09e"
"""The secret of every manager account; the Asterisk listens on a loopback port of this machine only."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """One manager account."""

    name: str
    read: str
    """Classes of events it is sent, comma-separated."""
    write: str = ""
    """Classes of actions it may ask for, comma-separated."""
    secret: str = SECRET
    filters: tuple[str, ...] = ()
    """Whole `eventfilter` lines."""


ACCOUNTS = (
    Account(name="monitor", read=READ_ALL, write="reporting,system"),
    Account(name="readonly", read=READ_NEEDED),
    Account(name="limited", read="system,call"),
    Account(name="recorder", read=READ_NEEDED, filters=(NO_VARSET,)),
    Account(name="verbose_recorder", read=READ_NEEDED),
    Account(name="driver", read="system,call", write="system,call,agent,user,config,command,reporting,originate"),
)
"""`monitor` reads everything, `readonly` only what is needed and may do nothing, `limited` lacks the classes agent,
user and dialplan, the recorders write fixtures, `driver` acts (transfers by `Atxfer`, `Originate`, …)."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The loopback ports of one laboratory Asterisk and of the SIPp processes around it."""

    sip: int
    ami: int
    first_sipp: int
    """Each SIPp process takes six ports from here on: for SIP, for its control, and four for media."""
    first_rtp: int
    """Asterisk's own RTP range starts here and is 1,000 ports wide."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One SIP endpoint: a phone of the centre, a trunk, or the carrier that calls leave by."""

    name: str
    context: str
    """The dialplan context in which what it dials is looked up."""
    contact: str | None = None
    """The SIP address at which it is called; None for one that only calls."""
    caller_id: str | None = None
    pickup_group: str | None = None
    trunk: bool = False
    """Calls arrive under many callers' numbers, so it is told by a header and not by the From user."""
    tones: bool = False
    """Whether keys come in the media (RFC 2833) where the far end offers that, rather than by INFO alone."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How one laboratory Asterisk is configured."""

    system_name: str = "lab1"
    """Asterisk's `systemname`; empty for none."""
    timestamp_events: bool = True
    """Whether manager events carry a `Timestamp`."""
    accounts: tuple[Account, ...] = ACCOUNTS
    endpoints: tuple[Endpoint, ...] = ()
    dialplan: str = ""
    """Contexts, as they stand in extensions.conf."""
    queues: str = ""
    """Queues, as they stand in queues.conf."""
    modules: tuple[str, ...] = ()
    """Modules that are loaded though `UNLOADED` names them."""
    extra_files: dict[str, str] = field(default_factory=dict)
    """Text by file name, added to a file of the laboratory's or a file of its own."""


# fmt: off
UNLOADED = (
    "app_adsiprog", "app_agent_pool", "app_alarmreceiver", "app_amd", "app_dictate", "app_externalivr",
    "app_festival", "app_jack", "app_minivm", "app_mp3", "app_page", "app_sla", "app_sms", "app_speech_utils",
    "app_stasis*", "app_voicemail*", "app_zapateller", "cdr_*", "cel_*", "chan_console", "chan_iax2",
    "chan_motif", "chan_unistim", "chan_websocket", "func_enum", "func_odbc", "pbx_ael", "pbx_dundi", "pbx_lua",
    "pbx_realtime", "res_adsi", "res_ael_share", "res_agi", "res_ari*", "res_calendar*", "res_clialiases",
    "res_config_*", "res_corosync", "res_fax*", "res_hep*", "res_http_*", "res_limit", "res_odbc*",
    "res_phoneprov", "res_pjsip_aoc", "res_pjsip_phoneprov_provider", "res_pjsip_publish_asterisk",
    "res_pjsip_stir_shaken", "res_pjsip_transport_websocket", "res_prometheus", "res_resolver_unbound",
    "res_smdi", "res_snmp", "res_stasis_broadcast", "res_stir_shaken", "res_stun_monitor", "res_websocket_client",
    "res_xmpp",
)
# fmt: on
"""Modules that want a database, a web server, a radio or the network, or that nothing here uses."""


def files(settings: Settings, ports: Ports, *, folder: str, modules: str, unloaded: tuple[str, ...]) -> dict[str, str]:
    """Return every configuration file by name.

    Args:
        settings: what this Asterisk is to be like.
        ports: where it listens.
        folder: its own folder, as seen from inside the chroot.
        modules: the folder of its modules, as seen from inside the chroot.
        unloaded: the file names of the modules that it must not load.
    """
    written = {
        "asterisk.conf": asterisk_conf(settings, folder, modules),
        "modules.conf": "[modules]\nautoload=yes\nrequire=chan_pjsip.so\n"
        + "".join(f"noload={name}\n" for name in unloaded),
        "logger.conf": "[logfiles]\nfull => notice,warning,error\n",
        "manager.conf": manager_conf(settings, ports),
        "pjsip.conf": pjsip_conf(settings, ports),
        "extensions.conf": "[general]\nstatic=yes\nwriteprotect=yes\n\n" + settings.dialplan,
        "queues.conf": "[general]\npersistentmembers=no\nautofill=yes\nshared_lastcall=no\n\n" + settings.queues,
        "rtp.conf": f"[general]\nrtpstart={ports.first_rtp}\nrtpend={ports.first_rtp + 999}\nicesupport=no\n",
        "features.conf": FEATURES_CONF,
        "res_parking.conf": RES_PARKING_CONF,
        "musiconhold.conf": f"[default]\nmode=files\ndirectory={folder}/music\n",
        "confbridge.conf": "[general]\n\n[default_user]\ntype=user\nquiet=yes\n\n[default_bridge]\ntype=bridge\n",
        "followme.conf": "[general]\nfeaturedigittimeout=2000\n",
        "http.conf": "[general]\nenabled=no\n",
        "cdr.conf": "[general]\nenable=no\n",
        "cel.conf": "[general]\nenable=no\n",
        "indications.conf": INDICATIONS_CONF,
        "ccss.conf": "[general]\n",
        "udptl.conf": "[general]\n",
        "acl.conf": "",
        "pjproject.conf": "",
        "queuerules.conf": "",
    }
    return {**written, **{name: written.get(name, "") + text for name, text in settings.extra_files.items()}}


def asterisk_conf(settings: Settings, folder: str, modules: str) -> str:
    """Return asterisk.conf: every folder is the laboratory's own, but modules and sounds."""
    system_name = f"systemname={settings.system_name}\n" if settings.system_name else ""
    return f"""[directories]
astetcdir => {folder}/etc
astmoddir => {modules}
astvarlibdir => {folder}/lib
astdbdir => {folder}/lib
astkeydir => {folder}/lib
astdatadir => /usr/share/asterisk
astagidir => {folder}/lib
astspooldir => {folder}/spool
astrundir => {folder}/run
astlogdir => {folder}/log
astsbindir => /usr/sbin

[options]
{system_name}verbose=0
debug=0
nofork=yes
"""


def manager_conf(settings: Settings, ports: Ports) -> str:
    """Return manager.conf with every account."""
    stamps = "yes" if settings.timestamp_events else "no"
    text = f"""[general]
enabled=yes
webenabled=no
bindaddr=127.0.0.1
port={ports.ami}
timestampevents={stamps}
displayconnects=no
authtimeout=10
authlimit=50
"""
    for account in settings.accounts:
        filters = "".join(f"{line}\n" for line in account.filters)
        text += (
            f"\n[{account.name}]\nsecret={account.secret}\nread={account.read}\nwrite={account.write}\n"
            f"writetimeout=5000\n{filters}"
        )
    return text


def pjsip_conf(settings: Settings, ports: Ports) -> str:
    """Return pjsip.conf: no registration, no re-INVITE of Asterisk's own, DTMF by INFO."""
    text = f"""[global]
type=global
user_agent=lab
endpoint_identifier_order=header,username
max_initial_qualify_time=0

[loopback]
type=transport
protocol=udp
bind=127.0.0.1:{ports.sip}

[common](!)
type=endpoint
transport=loopback
disallow=all
allow=ulaw
direct_media=no
dtmf_mode=info
timers=no
send_pai=no
send_rpid=no
trust_connected_line=no
send_connected_line=no
media_address=127.0.0.1
bind_rtp_to_media_address=yes
"""
    for endpoint in settings.endpoints:
        text += endpoint_conf(endpoint)
    return text


def endpoint_conf(endpoint: Endpoint) -> str:
    """Return the pjsip.conf sections of one endpoint."""
    lines = [f"\n[{endpoint.name}](common)", f"context={endpoint.context}"]
    if endpoint.contact is not None:
        lines.append(f"aors={endpoint.name}")
    if endpoint.caller_id is not None:
        lines.append(f"callerid={endpoint.caller_id}")
    if endpoint.pickup_group is not None:
        lines += [f"named_call_group={endpoint.pickup_group}", f"named_pickup_group={endpoint.pickup_group}"]
    if endpoint.tones:
        lines.append("dtmf_mode=auto_info")
    if endpoint.trunk:
        lines += [
            "identify_by=header",
            f"\n[{endpoint.name}]",
            "type=identify",
            f"endpoint={endpoint.name}",
            f"match_header=X-Lab-Trunk: {endpoint.name}",
        ]
    else:
        lines.append("identify_by=username")
    if endpoint.contact is not None:
        lines += [f"\n[{endpoint.name}]", "type=aor", f"contact={endpoint.contact}"]
    return "\n".join(lines) + "\n"


FEATURES_CONF = """[general]
transferdigittimeout=2
featuredigittimeout=1000
atxfernoanswertimeout=9
atxferdropcall=no
atxferloopdelay=2
atxfercallbackretries=1
pickupexten=*8
atxferabort=*1
atxfercomplete=*2
atxferthreeway=*3
atxferswap=*4

[featuremap]
blindxfer=#1
atxfer=*2
disconnect=*0
"""

RES_PARKING_CONF = """[general]

[default]
parkext=700
parkpos=701-720
context=parkedcalls
parkingtime=45
comebacktoorigin=yes
"""

INDICATIONS_CONF = """[general]
country=kr

[kr]
description=Republic of Korea
ringcadence=1000,2000
dial=350+440
busy=480+620/500,0/500
ring=440+480/1000,0/2000
congestion=480+620/300,0/200
callwaiting=350+440/250,0/250,350+440/250,0/3250
dialrecall=!350+440/100,!0/100,!350+440/100,!0/100,350+440
record=1400/500,0/15000
info=950/330,1400/330,1800/330
"""
