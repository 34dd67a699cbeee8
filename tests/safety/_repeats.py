# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs beside each other and one after the other: two at once, a cure that does not last, one that is needed again and again."""

from typing import Any

import _world
import back
from _play import Play


def two_at_once() -> dict[str, Any]:
    """Two runs that begin together: both see the same fault, one of them gets the host, the other one says who has it."""
    place = _world.fresh("response_header_too_big")
    plays = [Play("fix_502.yml", place), Play("fix_502.yml", place)]
    codes = [play.wait() for play in plays]
    texts = [play.text() for play in plays]
    named = ["has been changing this host" in text for text in texts]
    wrong = [] if 0 in codes and _world.status(place) == 200 else ["ended with %s: %s" % (codes, texts[0][-1500:])]
    wrong += [
        "a run that ended with %s does not say why: %s" % (code, text[-1500:])
        for code, text, said in zip(codes, texts, named)
        if code != 0 and not said
    ]
    wrong += ["left over: " + line for line in _world.left_over(place)]
    for play in plays:
        play.close()
    _world.remove("response_header_too_big")
    refused = sum(named)
    return {
        "title": "two runs at once",
        "said": ["ended with %s and %s" % (codes[0], codes[1]), "%d of them named the other one" % refused],
        "wrong": wrong,
    }


def comes_back(fault: str, again: str, cures: int = 3) -> dict[str, Any]:
    """The same thing breaks after each cure: it is cured a few times, and then left to people. again: the command that breaks it."""
    place = _world.fresh(fault)
    role = _world.changed_role(place)
    wrong, codes = [], []
    for number in range(cures + 1):
        before = _world.snapshots(place)
        play = Play("fix_502.yml", place)
        codes.append(play.wait())
        if number < cures:
            _world.run_on(place, role, again)
    found = [finding for host in play.report()["hosts"].values() for finding in host["findings"]]
    wrong += [] if codes == [0] * cures + [2] else ["ended with %s: %s" % (codes, play.text()[-1500:])]
    wrong += back.differences(before, _world.snapshots(place))
    wrong += [] if len(found) == 1 and len(found[0]["history"]) == cures else ["findings: %s" % found]
    wrong += ["left over: " + line for line in _world.left_over(place)]
    play.close()
    _world.remove(fault)
    said = ["%s: %s (%s)" % (one["cause"], one["outcome"], one["why"]) for one in found]
    return {"title": "comes back after each cure", "said": said, "wrong": wrong}


def does_not_last(fault: str, again: str, seconds: int = 20) -> dict[str, Any]:
    """The same thing breaks some seconds after the cure: a run that does not watch calls it fixed, one that watches does not. again: what breaks it."""
    place = _world.fresh(fault)
    role = _world.changed_role(place)
    wrong, said = [], []
    for watch, wanted in ((0, (0, "fixed", "fixed")), (60, (2, "not_fixed", "relieved"))):
        later = "until systemctl is-active -q php$PHP-fpm; do sleep 0.2; done; sleep %d; %s" % (seconds, again)
        _world.run_on(place, role, '%s; systemd-run -q --collect --unit=again-%d sh -c "%s"' % (again, watch, later))
        play = Play("fix_502.yml", place, {"fix_502_watch": watch})
        code = play.wait()
        entry = play.report()["hosts"][place.host(place.proxy)]
        ended = (code, entry["status"], entry["findings"][0]["outcome"])
        why = entry["findings"][0]["why"]
        said.append("watch %d: %s%s" % (watch, ended[2], " (%s)" % why if why else ""))
        wrong += [] if ended == wanted else ["watch %d ended with %s: %s" % (watch, ended, play.text()[-1500:])]
        play.close()
        _world.until_status(place, {place.fault.status_before}, seconds + 10)
    wrong += ["left over: " + line for line in _world.left_over(place)]
    _world.remove(fault)
    return {"title": "does not last", "said": said, "wrong": wrong}
