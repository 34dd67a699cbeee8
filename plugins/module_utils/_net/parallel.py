# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that wait, run in threads at once, none of which can hold up the whole.

Private to this collection: it may change in any release.
"""

import queue
import threading
from typing import Callable, Dict, List, Optional, Sequence, Tuple, TypeVar

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline

Answer = TypeVar("Answer")


def run_all(
    tasks: Sequence[Callable[[], Answer]],
    threads: int,
    deadline: Deadline,
    on_answer: Optional[Callable[[int, Answer], None]] = None,
) -> List[Optional[Answer]]:
    """The answers of tasks, in order; None where one has not answered in time. At most so many threads run at once.

    Threads are daemons: one that hangs in libc's resolver is left behind. on_answer is called with each answer and its index as it comes.
    """
    waiting: "queue.Queue[int]" = queue.Queue()
    answered: "queue.Queue[Tuple[int, Answer]]" = queue.Queue()
    for index in range(len(tasks)):
        waiting.put(index)

    def work() -> None:
        while deadline.left() > 0:
            try:
                index = waiting.get_nowait()
            except queue.Empty:
                return
            answered.put((index, tasks[index]()))

    for _each in range(min(threads, len(tasks))):
        threading.Thread(target=work, daemon=True).start()
    answers: Dict[int, Answer] = {}
    while len(answers) < len(tasks):
        try:
            index, answer = answered.get(timeout=max(0.001, deadline.left()))
        except queue.Empty:
            break
        answers[index] = answer
        if on_answer is not None:
            on_answer(index, answer)
    return [answers.get(index) for index in range(len(tasks))]
