# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are cut off half-way: the controller dies, ssh is cut, the host loses its power, each at moments that are spread over the run.

After each: are nginx's and PHP-FPM's files sound, is the site no worse than before the run, does the next run end well, is nothing left over?
"""

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import _world
from _hosts import Place
from _play import Keep, Moment, Play, moment
from _rows import Results, Rows, failed, table

REMEDIES = {
    "php_fpm_stopped": "php_fpm: start",
    "socket_permission": "php_fpm: settings",
    "response_header_too_big": "fastcgi_buffers: file of our own",
    "header_too_big_location_set": "fastcgi_buffers: in place",
    "socket_path_mismatch": "upstream_address",
    "firewall_reject": "firewall_port: firewalld",
    "firewall_reject_nft": "firewall_port: nftables",
    "backend_port_closed": "backend_service: start",
}
MANNERS = {"controller": "controller killed", "ssh": "ssh cut", "power": "host's power cut"}
OPEN = "Run the remedy"
PLAYBOOK = "fix_502.yml"

CUT_SSH = """
systemctl stop ssh.socket ssh 2>/dev/null || true
for process in $(pgrep -x sshd); do kill -KILL $process; done
"""
SOUND = """
if [ "$(systemctl is-enabled nginx 2>/dev/null)" = enabled ]; then nginx -t -q 2>&1 || echo "nginx refuses its files"; fi
php-fpm$PHP -t 2>&1 | grep -v -e 'test is successful' -e '^$' || true
"""


class Reference:
    """An undisturbed run: how its tasks follow each other, and what it leaves changed."""

    def __init__(self, name: str) -> None:
        place = _world.fresh(name)
        before = _world.snapshots(place)
        play = Play(PLAYBOOK, place)
        code = play.wait()
        if code != 0 or _world.status(place) != place.fault.expect["status_after"]:
            raise RuntimeError("%s: the run that is not disturbed fails:\n%s" % (name, play.text()[-3000:]))
        self.tasks, self.length = play.tasks, play.ended
        self.cure = _world.config_changes(before, _world.snapshots(place))
        self.left = _world.left_over(place)
        play.close()

    def moments(self, count: int) -> list[Moment]:
        """One while it looks; the others from the first change on, at equal distances."""
        begins = next(at for name, at in self.tasks if name.endswith(OPEN)) / self.length
        # Looks again, reports and the interpreter's own end take their share of the rest.
        step = (1 - begins) / count
        fractions = [begins / 2] + [begins + step * (number + 0.5) for number in range(count - 1)]
        return [moment(self.tasks, self.length, fraction) for fraction in fractions]


def _cut(place: Place, play: Play, manner: str) -> list[str]:
    """What the run that was cut off did not do about it."""
    role = _world.changed_role(place)
    if manner == "controller":
        play.kill()
    elif manner == "ssh":
        _world.run_on(place, role, CUT_SSH, check=False)
        play.wait(90)
        _world.run_on(place, role, "systemctl start ssh")
        return [] if play.report()["hosts"] else ["no report of the run that lost its host: %s" % play.text()[-1500:]]
    else:
        _world.power_cut(place, role)
        play.wait(60)
        _world.booted(place, role)
    return []


def _faults_after(place: Place, reference: Reference, before: dict[str, Any]) -> tuple[list[str], str, int | None]:
    """The next run, and what is not as it should be after it."""
    wrong = []
    play = Play(PLAYBOOK, place)
    code = play.wait()
    statuses = [entry["status"] for entry in play.report()["hosts"].values()]
    ended = (
        "fixed"
        if "fixed" in statuses
        else "healthy"
        if statuses and set(statuses) == {"healthy"}
        else "/".join(statuses) or "no report"
    )
    if code != 0 or ended not in ("fixed", "healthy"):
        wrong.append("the next run ended with %s, %s: %s" % (code, ended, play.text()[-1500:]))
    play.close()
    answer = _world.until_status(place, {place.fault.expect["status_after"]}, 5)
    if answer != place.fault.expect["status_after"]:
        wrong.append("the site answers %s after the next run" % answer)
    wrong += ["left over: " + line for line in _world.left_over(place)]
    now = _world.config_changes(before, _world.snapshots(place))
    wrong += ["changed, but not by the cure: " + line for line in now if line not in reference.cure]
    wrong += ["not there, but of the cure: " + line for line in reference.cure if line not in now]
    return wrong, ended, answer


def trial(name: str, reference: Reference, at: Moment, manner: str) -> dict[str, Any]:
    """One run that is cut off at a moment, and all that is asked afterwards."""
    place = _world.fresh(name)
    before = _world.snapshots(place)
    play = Play(PLAYBOOK, place)
    result: dict[str, Any] = {
        "fault": name,
        "remedy": REMEDIES[name],
        "manner": manner,
        "fraction": round(at.fraction, 3),
        "task": at.task,
    }
    with _world.watched(place) as asked:
        result["in_time"] = play.at(at)
        silent = _cut(place, play, manner)
        role = _world.changed_role(place)
        result["journal"] = ",".join(state for _change, state in _world.journal(place, role)) or "empty"
        allowed = {place.fault.status_before, place.fault.expect["status_after"]}
        # After a boot the proxy remembers the hardware's address of the host that is gone, for a while.
        again = manner == "power"
        result["status_then"] = _world.until_status(place, allowed, 120) if again else _world.status(place)
        wrong = (
            [] if result["status_then"] in allowed else ["the site answers %s after the cut" % result["status_then"]]
        )
        for each in place.addresses:
            wrong += ["%s: %s" % (each, line) for line in _world.run_on(place, each, SOUND, check=False).splitlines()]
        play.close()
        after, result["next_run"], result["status_end"] = _faults_after(place, reference, before)
    result["healthy"] = asked
    if asked["failed"] and not (manner == "power" and role == place.proxy):
        wrong.append("the healthy site failed %d of %d times" % (asked["failed"], asked["asked"]))
    result["wrong"] = silent + wrong + after
    return result


def _of_one(shift: int, name: str, count: int, only: list[int], keep: Keep) -> None:
    reference = Reference(name)
    print(
        "%s: %.1f s undisturbed, %d tasks, left over: %s"
        % (name, reference.length, len(reference.tasks), reference.left or "nothing"),
        flush=True,
    )
    for number, at in enumerate(reference.moments(count)):
        if only and number not in only:
            continue
        result = trial(name, reference, at, list(MANNERS)[(number + shift) % len(MANNERS)])
        keep({**result, "number": number})
        print(
            "%(fault)s: %(fraction).2f %(manner)-10s in %(task)s, journal %(journal)s, then %(status_then)s, next run %(next_run)s, %(status_end)s"
            % result,
            *["    WRONG: " + line for line in result["wrong"]],
            sep="\n",
            flush=True,
        )
    _world.remove(name)


def run(faults: list[str], count: int, only: list[int], lanes: int, keep: Keep) -> None:
    """The remedies one after the other, or as many at once as there are lanes. only: the numbers of the moments, where not all are wanted."""
    shifts = {name: shift for shift, name in enumerate(REMEDIES)}
    with ThreadPoolExecutor(lanes) as pool:
        for future in [pool.submit(_of_one, shifts[name], name, count, only, keep) for name in faults or REMEDIES]:
            future.result()


def rows(results: Results) -> Rows:
    """Each moment: part of the run that had passed, the task that ran, and what was there afterwards."""
    by_remedy: dict[str, Results] = defaultdict(list)
    for result in results:
        by_remedy[result["remedy"]].append(result)
    counts = [
        [
            remedy,
            *(sum(1 for one in some if one["manner"] == manner) for manner in MANNERS),
            failed(some),
        ]
        for remedy, some in by_remedy.items()
    ]
    ends = Counter("%s, then %s" % (one["status_then"], one["next_run"]) for one in results).most_common()
    above = [
        *table(["remedy", *MANNERS.values(), "exceptions"], counts),
        "",
        "What the site answered after the cut, and how the next run ended: %s."
        % "; ".join("%s: %d" % item for item in ends),
        "",
        "Each moment: part of the run that had passed, the task that ran, and the states of the changes in the host's journal after the cut.",
        "",
    ]
    moments = [
        [
            one["remedy"],
            "%d %%" % (100 * one["fraction"]),
            MANNERS[one["manner"]],
            _short(one["task"]),
            one["journal"],
            one["status_then"],
            one["next_run"],
        ]
        for one in results
    ]
    return Rows(["remedy", "at", "what", "during", "journal", "answers", "next run"], moments, above)


def _short(task: str) -> str:
    """Role and task, less the collection and what argument specs add."""
    return task.replace("webops.bad_gateway.", "").replace("Validating arguments against arg spec", "arguments of")


def summary(results: Results) -> str:
    manners = Counter(result["manner"] for result in results)
    return "%d runs cut off (%s) of %d remedies: %d exceptions" % (
        len(results),
        ", ".join("%s %d" % (manner, manners[manner]) for manner in MANNERS),
        len({result["remedy"] for result in results}),
        failed(results),
    )
