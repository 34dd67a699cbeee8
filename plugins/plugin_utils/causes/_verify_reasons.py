# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why nginx refuses the certificate of a backend, by what OpenSSL says of it, and what is done about each reason.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import (
    reload_nginx,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import (
    directive,
    name_to_match,
    s_client,
    setting,
    to_set,
    where_to_write,
)

SIGNATURE = "upstream_tls_verify"
#: Prints subject and end of each certificate of a file, or of what s_client shows.
_ENDS = "openssl crl2pkcs7 -nocrl -certfile %s | openssl pkcs7 -print_certs -text -noout | grep -E 'Subject:|Not After'"


class Refusal(t.NamedTuple):
    """Why nginx refuses a certificate, in words, and the commands that mend it."""

    why: str
    advice: tuple[str, ...]


def refusal(hop: Hop) -> Refusal:
    """Why nginx refuses the certificate that a backend shows."""
    said = _said(hop)
    found = next((reason for pattern, reason in _REASONS if pattern.search(said)), _unknown)
    if found is _untrusted and or_empty(or_empty(hop.reach).get("tls")).get("ok"):
        # Python knows no limit for the length of a chain: what it takes with the same authorities is too long for nginx.
        found = _too_long
    return found(hop)


def _said(hop: Hop) -> str:
    """What was said of the certificate: when it was asked for directly, else in nginx's newest line about it."""
    tls = or_empty(or_empty(hop.reach).get("tls"))
    if tls.get("ok") is False:
        return tls.get("error") or ""
    lines = [record for record in hop.records if record["signature"] == SIGNATURE]
    return max(lines, key=lambda record: record["last"])["message"] if lines else ""


def _trusted(hop: Hop) -> str:
    given = setting(hop, "trusted_certificate")
    return shlex.quote(given["args"][0]) if given and given["args"] else "FILE"


def _other_name(hop: Hop) -> Refusal:
    subject, asked = or_empty(or_empty(hop.reach).get("tls")).get("subject"), name_to_match(hop)
    is_block = asked == hop.routes[0]["pass"]["upstream"]
    name = subject if subject and re.match(r"[\w.-]+$", subject) else "NAME"
    return Refusal(
        "the certificate that %s shows is %s, and nginx expects one for %s%s"
        % (
            hop.address,
            "for %s" % subject if subject else "for another name",
            asked,
            ", which is the name of an upstream{} block" if is_block else "",
        ),
        (
            "%s | openssl x509 -noout -subject -ext subjectAltName   # on %s: the names that it is for"
            % (s_client(hop), hop.proxy.name),
            "# %s: %s %s; one of these names, that of the backend"
            % (where_to_write(hop, "name"), directive(hop, "name"), name),
            reload_nginx(hop),
        ),
    )


def _not_yet(hop: Hop) -> Refusal:
    return Refusal(
        "the certificate that %s shows is not valid yet by the clock of %s: that clock is behind, or the certificate was made with one that is ahead"
        % (hop.address, hop.proxy.name),
        (
            "date -u; timedatectl   # on %s and on %s: is the clock right and synchronized?" % (hop.proxy.name, hop.on),
            "%s | openssl x509 -noout -dates   # on %s: from when on is it valid?" % (s_client(hop), hop.proxy.name),
        ),
    )


def _signer_expired(hop: Hop) -> Refusal:
    ends = or_empty(or_empty(hop.reach).get("tls")).get("expires")
    return Refusal(
        "a certificate in the chain that %s shows, or the authority in %s, has expired%s"
        % (
            hop.address,
            directive(hop, "trusted_certificate"),
            "; the backend's own is valid until %s UTC" % ends if ends else "",
        ),
        (
            "%s | %s   # on %s: which of the chain has expired?"
            % (s_client(hop, "-showcerts"), _ENDS % "/dev/stdin", hop.proxy.name),
            "%s   # on %s: has one that nginx trusts?" % (_ENDS % _trusted(hop), hop.proxy.name),
            "# the chain: let %s show the new one that came with its certificate (fullchain.pem); the authority: put its new root into that file, then:"
            % hop.on,
            reload_nginx(hop),
        ),
    )


def _too_long(hop: Hop) -> Refusal:
    given, name = setting(hop, "verify_depth"), directive(hop, "verify_depth")
    depth = int(given["args"][0]) if given and given["args"][0].isdecimal() else 1
    return Refusal(
        "the chain of the certificate that %s shows is longer than %s %d%s allows"
        % (hop.address, name, depth, "" if given else ", nginx's default,"),
        (
            "%s | grep -E '^ *[0-9]+ s:'   # on %s: how many certificates does it show?"
            % (s_client(hop, "-showcerts"), hop.proxy.name),
            *to_set(hop, {"verify_depth": "%d" % (depth + 2)}),
            reload_nginx(hop),
        ),
    )


def _self_signed(hop: Hop) -> Refusal:
    return Refusal(
        "the certificate that %s shows is signed by itself, and nginx is not set to trust it" % (hop.address,),
        (
            "%s | openssl x509 -noout -subject -fingerprint -sha256   # on %s: the same as of the backend's own file on %s?"
            % (s_client(hop), hop.proxy.name, hop.on),
            "%s | openssl x509 >/etc/nginx/backend.pem   # on %s, only where it is the same"
            % (s_client(hop), hop.proxy.name),
            *to_set(hop, {"trusted_certificate": "/etc/nginx/backend.pem"}),
            reload_nginx(hop),
        ),
    )


def _own_root(hop: Hop) -> Refusal:
    return Refusal(
        "the chain that %s shows ends with an authority that nginx is not set to trust" % (hop.address,),
        (
            "%s | grep -E '^ *([0-9]+ s|i):'   # on %s: whose is it?" % (s_client(hop, "-showcerts"), hop.proxy.name),
            "# %s: %s FILE; with the root of that authority, from who runs it and not from the connection"
            % (where_to_write(hop, "trusted_certificate"), directive(hop, "trusted_certificate")),
            reload_nginx(hop),
        ),
    )


def _untrusted(hop: Hop) -> Refusal:
    return Refusal(
        "nobody whom nginx trusts has signed what %s shows: the backend leaves out the certificates in between, or it is of another authority"
        % (hop.address,),
        (
            "%s | grep -E '^ *([0-9]+ s|i):'   # on %s: what it shows, and who signed each"
            % (s_client(hop, "-showcerts"), hop.proxy.name),
            "# only one, and signed by one in between: let %s show its whole chain (fullchain.pem in place of cert.pem)"
            % hop.on,
            "# else %s: %s FILE; with the root of its authority: of public ones all are in /etc/ssl/certs/ca-certificates.crt (Debian)"
            " or /etc/pki/tls/certs/ca-bundle.crt (RHEL)"
            % (where_to_write(hop, "trusted_certificate"), directive(hop, "trusted_certificate")),
            reload_nginx(hop),
        ),
    )


def _revoked(hop: Hop) -> Refusal:
    return Refusal(
        "the certificate that %s shows was revoked by its authority (%s)" % (hop.address, directive(hop, "crl")),
        ("# have a new one made with a new key on %s, and let the service that listens there load it" % hop.on,),
    )


def _no_crl(hop: Hop) -> Refusal:
    given = setting(hop, "crl")
    file = shlex.quote(given["args"][0]) if given and given["args"] else "FILE"
    return Refusal(
        "%s is set, and has no list that is in date for each authority in the chain" % directive(hop, "crl"),
        (
            ("" if given else "# ")
            + "openssl crl -noout -issuer -nextupdate -in %s   # on %s: whose list, and until when?"
            % (file, hop.proxy.name),
            "# fetch the authority's new list into that file, one for each authority in the chain; then:",
            reload_nginx(hop),
        ),
    )


def _too_weak(hop: Hop) -> Refusal:
    return Refusal(
        "the certificate that %s shows, or one that has signed it, is too weak for nginx's TLS library: a short key (RSA below 2048 bits), or SHA-1"
        % (hop.address,),
        (
            "%s | openssl x509 -noout -text | grep -E 'Public-Key|Signature Algorithm'   # on %s: which of the two?"
            % (s_client(hop), hop.proxy.name),
            "# have one made with a key of 2048 bits and SHA-256 on %s, and let the service that listens there load it"
            % hop.on,
            "# until then, %s, for this location alone: %s DEFAULT:@SECLEVEL=0;"
            % (where_to_write(hop, "ciphers"), directive(hop, "ciphers")),
            reload_nginx(hop),
        ),
    )


def _other_purpose(hop: Hop) -> Refusal:
    return Refusal(
        "the certificate that %s shows is not made for servers (its extendedKeyUsage)" % (hop.address,),
        (
            "%s | openssl x509 -noout -subject -ext extendedKeyUsage,keyUsage   # on %s: what it is for"
            % (s_client(hop), hop.proxy.name),
            "# have one made with extendedKeyUsage = serverAuth on %s, and let the service that listens there load it"
            % hop.on,
        ),
    )


def _no_authority(hop: Hop) -> Refusal:
    return Refusal(
        "what has signed the certificate that %s shows is no authority by its own words (basicConstraints without CA:TRUE)"
        % (hop.address,),
        (
            "openssl x509 -noout -subject -ext basicConstraints,keyUsage -in %s   # on %s: is it CA:TRUE, and may it sign (keyCertSign)?"
            % (_trusted(hop), hop.proxy.name),
            "# make the authority anew with basicConstraints = critical,CA:TRUE and keyUsage = keyCertSign, and sign the backend's certificate with that",
            "# or trust that certificate itself: %s with what the backend shows"
            % directive(hop, "trusted_certificate"),
        ),
    )


def _other_key(hop: Hop) -> Refusal:
    return Refusal(
        "an authority of the same name and with another key has signed what %s shows: it was made anew, and nginx trusts the one before"
        % (hop.address,),
        (
            "openssl x509 -noout -subject -dates -fingerprint -sha256 -in %s   # on %s: the one that nginx trusts; of when is it?"
            % (_trusted(hop), hop.proxy.name),
            "# put the new root of that authority into that file, from who runs it and not from the connection; then:",
            reload_nginx(hop),
        ),
    )


def _unknown(hop: Hop) -> Refusal:
    return Refusal(
        "nginx is not set to trust the certificate that %s shows: it is of another authority, or is for another name"
        % (hop.address,),
        (
            "%s | openssl x509 -noout -subject -issuer -dates -ext subjectAltName   # on %s"
            % (s_client(hop), hop.proxy.name),
            "# %s: %s FILE; with the authority that signed it, and %s N; for longer chains"
            % (
                where_to_write(hop, "trusted_certificate"),
                directive(hop, "trusted_certificate"),
                directive(hop, "verify_depth"),
            ),
            "# %s NAME; if the certificate is for another name than nginx asks for" % directive(hop, "name"),
            reload_nginx(hop),
        ),
    )


#: OpenSSL's words, which Python passes on; the first that fits. Names are nginx's own test, and Python's.
_REASONS: tuple[tuple[t.Pattern[str], t.Callable[[Hop], Refusal]], ...] = (
    (re.compile(r"certificate does not match|[Mm]ismatch"), _other_name),
    (re.compile(r"not yet valid"), _not_yet),
    (re.compile(r"(?:key|md|digest algorithm) too (?:weak|small)"), _too_weak),
    (re.compile(r"certificate purpose"), _other_purpose),
    (re.compile(r"invalid CA certificate"), _no_authority),
    (re.compile(r"certificate signature failure"), _other_key),
    (re.compile(r"CRL"), _no_crl),
    (re.compile(r"revoked"), _revoked),
    (re.compile(r"has expired"), _signer_expired),
    (re.compile(r"chain too long"), _too_long),
    (re.compile(r"self.signed certificate in"), _own_root),
    (re.compile(r"self.signed certificate"), _self_signed),
    (re.compile(r"unable to get (?:local )?issuer|unable to verify the (?:first|leaf)"), _untrusted),
)
