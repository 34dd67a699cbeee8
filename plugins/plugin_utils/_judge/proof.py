# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of a change: whether what nginx answers then is better than before.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.masked import as_masked
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails, knows_no_head
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.page_status import (
    had_in_words,
    refuses,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer


class Question(t.TypedDict, total=False):
    """A URL to ask nginx for, as the module site_answers_info takes it."""

    url: str
    connect: str | None
    method: str
    proxy_protocol: bool
    times: int  # how often at most; as the role proof says where it is not there


class Proof(Question, total=False):
    """A URL that has to answer better after a change, and what it answered before. A proof made by hand may have host and url alone."""

    host: str
    error_logs: list[str]
    peers: list[str]  # the addresses of all servers of the upstream
    had: list[int]  # statuses below 500 that visitors had before
    fail_timeout: float  # seconds for which nginx sets a failed server of the upstream aside, the longest; 0 where the change makes it forget
    elsewhere: bool  # whether the change sends the request to another daemon
    status: int | None
    signature: str | None
    upstream: str | None
    timed_out: bool
    masked: bool  # whether error_page had put that status in the place of a 502 or 504
    beside: bool  # a page of another site: the change must not make it worse


#: How far a request gets before it fails. A symptom further on is progress: one of several causes is gone. One that lies back is a new fault.
_STAGES = (
    {"resolver_failure", "upstream_host_not_found_at_start"},
    {"selinux_network_connect", "ephemeral_ports_exhausted", "nginx_open_files", "nginx_worker_connections"},
    {"backend_unreachable", "ipv6_unavailable"},
    {"connect_timeout", "connect_timeout_kernel"},
    {"firewall_reject", "unix_socket_missing"},
    {"unix_socket_permission", "selinux_unix_socket", "apparmor_denied"},
    {"backend_port_closed", "ipv6_localhost_refused", "stale_unix_socket"},
    {"unix_backlog_full"},
    {
        "upstream_tls_scheme_mismatch",
        "upstream_tls_sni",
        "upstream_tls_verify",
        "upstream_tls_reset",
        "upstream_tls_protocol",
        "upstream_tls_client_certificate",
    },  # fmt: skip
    {"upstream_connection_reset", "upstream_closed_prematurely", "upstream_read_timeout", "upstream_protocol_mismatch"},
    {"upstream_invalid_header", "response_header_too_big", "uwsgi_request_buffer_too_small"},
)
_STAGE = {signature: stage for stage, signatures in enumerate(_STAGES) for signature in signatures}

#: One fault may give one signature now and another then: a change between them is no progress.
_ONE_FAULT = (
    {"upstream_connection_reset", "upstream_closed_prematurely", "upstream_read_timeout"},
    {"connect_timeout", "connect_timeout_kernel"},
    {"backend_port_closed", "ipv6_localhost_refused"},
)
_CONSEQUENCES = {"no_live_upstreams"}

#: Seconds of nginx's memory that are waited out. What lasts longer is for the next look, which has nginx forget it.
MOST_WAIT = 90


class Verdict(t.NamedTuple):
    """passed is what a remedy waits for; better and worse count URLs; why is one line; settled: asking again changes nothing; set_aside: nginx asks no
    server of an upstream, as it remembers that they failed."""

    passed: bool
    better: int
    worse: int
    why: str
    settled: bool = False
    set_aside: bool = False


def in_words(answer: Proof | Answer) -> str:
    """An answer in a few words."""
    status = answer.get("status")
    words = str(status) if status is not None else "no answer in time" if answer.get("timed_out") else "no answer"
    if answer.get("signature"):
        at = answer.get("upstream")
        words += " (%s%s)" % (answer["signature"], " at %s" % at.removeprefix("tcp:") if at else "")
    return words


def _unmasked(before: Proof, after: Answer) -> Answer:
    """The answer of now; where error_page hid a failure before, a line of nginx's shows that it hides one still."""
    return as_masked(after) if before.get("masked") and after.get("signature") else after


def _unwell(answer: Proof | Answer) -> bool:
    """Whether nginx answers with a fault of its upstream, or not at all, which is as bad."""
    return answer.get("status") is None or answer_fails(answer)


def _is_one_fault(was: str | None, now: str | None) -> bool:
    return any(was in signatures and now in signatures for signatures in _ONE_FAULT)


def _moved_on(before: Proof, after: Answer) -> bool:
    """Whether a URL that still fails does so further on than before: one of its causes is gone."""
    was, now = before.get("signature"), after.get("signature")
    if not was or was in _CONSEQUENCES or now in _CONSEQUENCES:
        return False
    if was == now:
        peers: t.Collection[str | None] = before.get("peers") or [before.get("upstream")]
        return bool(after.get("upstream") and before.get("upstream")) and after.get("upstream") not in peers
    if _is_one_fault(was, now):
        return False
    if now is None:
        # nginx logs no error any more, and its log could be read: it is the upstream that answers so.
        return after.get("status") is not None and bool(after.get("log_read"))
    return _STAGE.get(now, -1) >= _STAGE.get(was, len(_STAGES))


def _fell_back(before: Proof, after: Answer) -> bool:
    """Whether a URL fails at an earlier stage than before."""
    was, now = before.get("signature"), after.get("signature")
    return was in _STAGE and now in _STAGE and _STAGE[now] < _STAGE[was] and not _is_one_fault(was, now)


def better(before: Proof, after: Answer) -> tuple[bool, str]:
    """Whether one URL is better off than before, and what was seen."""
    seen = "%s: %s before, %s now" % (before.get("url"), in_words(before), in_words(after))
    if not _unwell(before):
        return False, seen
    if not _unwell(after):
        return True, seen
    if before.get("status") is None:
        return after.get("status") is not None, seen
    return _moved_on(before, after), seen


def worse(before: Proof, after: Answer) -> bool:
    """Whether one URL is worse off: it was well and fails, nginx is gone, or it fails at an earlier stage than before."""
    if before.get("beside"):
        return _spoiled(before.get("status"), after.get("status"))
    if not _unwell(after):
        return False
    if not _unwell(before):
        return True
    gone = after.get("status") is None and not after.get("timed_out")
    return (gone and before.get("status") is not None) or _fell_back(before, after)


def _spoiled(was: int | None, now: int | None) -> bool:
    """Whether a page beside the sick site is gone: it was there and is refused, or was answered and fails. 429 is a limit on how often we ask."""
    if was is None or was >= 500:
        return False
    if now is None or now >= 500:
        return True
    return was < 400 <= now and now != 429


def other_pages(pairs: t.Sequence[tuple[Proof, Answer]]) -> list[str]:
    """What answers in place of a page that the change sent elsewhere, where that is not the page: a line for each URL.

    An error is another page where visitors had something else; where that is not known, it is one if no URL of the change has a page. Content and
    redirects are taken for each other: visitors that had the one may have been logged in.
    """
    sent = [(one, other, other["status"]) for one, other in pairs if one.get("elsewhere") and not _unwell(other)]
    served = any(status is not None and not refuses(status) for _one, _other, status in sent)
    lines = []
    for one, other, status in sent:
        had = one.get("had") or []
        is_new = status != one.get("status") and not knows_no_head(other)
        if status is not None and is_new and refuses(status) and status not in had and (had or not served):
            lines.append("%s (%s)" % (better(one, other)[1], had_in_words(had)))
    return lines


def verdict(before: t.Sequence[Proof], after: t.Sequence[Answer]) -> Verdict:
    """Judge all URLs of a proof. before and after belong together one by one. Nothing asked, or nothing failing before and now, passes."""
    if len(before) != len(after):
        raise ValueError("%d answers before and %d after do not belong together" % (len(before), len(after)))
    pairs = [(one, _unmasked(one, other)) for one, other in zip(before, after)]
    losses = [better(one, other)[1] for one, other in pairs if worse(one, other)]
    sick = [(one, other) for one, other in pairs if not one.get("beside")]
    gains = [why for one, other in sick for good, why in [better(one, other)] if good]
    same = [better(one, other)[1] for one, other in sick if _unwell(one) and not better(one, other)[0]]
    other = other_pages(pairs)
    if other:
        return Verdict(False, 0, len(other), "another page than before: " + "; ".join(other), True)
    if losses:
        return Verdict(False, len(gains), len(losses), "worse than before: " + "; ".join(losses))
    if gains or not same:
        return Verdict(True, len(gains), 0, "; ".join(gains) or "all still well")
    aside = [one for one, other in sick if _unwell(other) and other.get("signature") in _CONSEQUENCES]
    longest = max((one.get("fail_timeout") or 0.0 for one in aside), default=0.0)
    if longest > MOST_WAIT and len(aside) == len(same):
        why = "nginx sets the servers of the upstream aside for %d seconds: the next look shows more" % longest
        return Verdict(True, 0, 0, why)
    return Verdict(False, 0, 0, "no better than before: " + "; ".join(same), set_aside=bool(aside))
