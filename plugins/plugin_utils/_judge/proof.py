# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a change helped: what nginx answered before it against what nginx answers now.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails

Answer = t.Mapping[str, t.Any]

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
    {"upstream_tls_scheme_mismatch", "upstream_tls_sni", "upstream_tls_verify", "upstream_tls_reset"},
    {"upstream_connection_reset", "upstream_closed_prematurely", "upstream_read_timeout", "upstream_protocol_mismatch"},
    {"upstream_invalid_header", "response_header_too_big", "uwsgi_request_buffer_too_small"},
)
_STAGE = {signature: stage for stage, signatures in enumerate(_STAGES) for signature in signatures}

#: One fault shows now one face, now another: a change of face is no progress.
_FACES = (
    {"upstream_connection_reset", "upstream_closed_prematurely", "upstream_read_timeout"},
    {"connect_timeout", "connect_timeout_kernel"},
    {"backend_port_closed", "ipv6_localhost_refused"},
)
_CONSEQUENCES = {"no_live_upstreams"}


class Verdict(t.NamedTuple):
    """passed is what a remedy waits for; better and worse count URLs; why is one line."""

    passed: bool
    better: int
    worse: int
    why: str


def told(answer: Answer) -> str:
    """An answer in a few words."""
    status = answer.get("status")
    words = str(status) if status is not None else "no answer in time" if answer.get("timed_out") else "no answer"
    if answer.get("signature"):
        words += " (%s%s)" % (answer["signature"], " at %s" % answer["upstream"] if answer.get("upstream") else "")
    return words


def _unwell(answer: Answer) -> bool:
    """nginx itself not answering is as bad as a 502."""
    return answer.get("status") is None or answer_fails(answer)


def _is_one_fault(was: str | None, now: str | None) -> bool:
    return any(was in faces and now in faces for faces in _FACES)


def _moved_on(before: Answer, after: Answer) -> bool:
    """The same URL fails, but further on than before: another of its causes is gone."""
    was, now = before.get("signature"), after.get("signature")
    if not was or was in _CONSEQUENCES or now in _CONSEQUENCES:
        return False
    if was == now:
        peers = before.get("peers") or [before.get("upstream")]
        return bool(after.get("upstream") and before.get("upstream")) and after.get("upstream") not in peers
    if _is_one_fault(was, now):
        return False
    if now is None:
        # nginx has nothing to complain of any more, in a log that could be read: the upstream itself answers so.
        return after.get("status") is not None and bool(after.get("log_read"))
    return _STAGE.get(now, -1) >= _STAGE.get(was, len(_STAGES))


def _fell_back(before: Answer, after: Answer) -> bool:
    was, now = before.get("signature"), after.get("signature")
    return was in _STAGE and now in _STAGE and _STAGE[now] < _STAGE[was] and not _is_one_fault(was, now)


def better(before: Answer, after: Answer) -> tuple[bool, str]:
    """Whether one URL is better off than before, and what was seen."""
    seen = "%s: %s before, %s now" % (before.get("url"), told(before), told(after))
    if not _unwell(before):
        return False, seen
    if not _unwell(after):
        return True, seen
    if before.get("status") is None:
        return after.get("status") is not None, seen
    return _moved_on(before, after), seen


def worse(before: Answer, after: Answer) -> bool:
    """Whether one URL is worse off: it was well and fails, nginx is gone, or it fails at an earlier stage than before."""
    if not _unwell(after):
        return False
    if not _unwell(before):
        return True
    gone = after.get("status") is None and not after.get("timed_out")
    return (gone and before.get("status") is not None) or _fell_back(before, after)


def verdict(before: t.Sequence[Answer], after: t.Sequence[Answer]) -> Verdict:
    """Judge all URLs of a proof. before and after belong together one by one. Nothing asked, or nothing failing before and now, passes."""
    if len(before) != len(after):
        raise ValueError("%d answers before and %d after do not belong together" % (len(before), len(after)))
    pairs = list(zip(before, after))
    losses = [better(one, other)[1] for one, other in pairs if worse(one, other)]
    gains = [why for one, other in pairs for good, why in [better(one, other)] if good]
    same = [better(one, other)[1] for one, other in pairs if _unwell(one) and not better(one, other)[0]]
    if losses:
        return Verdict(False, len(gains), len(losses), "worse than before: " + "; ".join(losses))
    if gains or not same:
        return Verdict(True, len(gains), 0, "; ".join(gains) or "all still well")
    return Verdict(False, 0, 0, "no better than before: " + "; ".join(same))


def rounds(proofs: t.Sequence[Answer]) -> list[dict[str, t.Any]]:
    """Group the proofs of a remedy by the host to ask: one question of the host for all its URLs."""
    grouped: dict[str, dict[str, t.Any]] = {}
    for proof in proofs:
        entry = grouped.setdefault(proof["host"], {"host": proof["host"], "before": [], "urls": [], "error_logs": []})
        entry["before"].append(dict(proof))
        entry["urls"].append(
            {key: proof[key] for key in ("url", "connect", "method", "proxy_protocol") if proof.get(key) is not None}
        )
        entry["error_logs"] += [path for path in proof.get("error_logs") or [] if path not in entry["error_logs"]]
    return list(grouped.values())
