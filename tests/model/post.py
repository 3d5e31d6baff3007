"""The mail server of the model: takes letters, refuses, falls silent; and the sender may die with one in its hand."""

from __future__ import annotations

from collections import Counter

from services.notifications.envelope import Mail
from services.notifications.smtp import Fate, Outcome
from tests.model.simulation import Died, Simulation

MOODS = ("takes", "away", "later", "silent", "dies before", "dies after")


class PostOffice:
    """`mood` is for one letter; then all is well again."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.mood = "takes"
        self.arrived: Counter[str] = Counter()  # Message-ID → copies
        self.doubtful = 0  # letters whose second copy nobody could have prevented

    def deliver(self, mail: Mail) -> Outcome:
        mood, self.mood = self.mood, "takes"
        if mood == "away":
            return Outcome(Fate.UNREACHABLE, "no route to host")
        if mood == "later":
            return Outcome(Fate.LATER, "451 try again later")
        if mood == "dies before":
            self._die()
        self.arrived[mail.message_id] += 1
        if mood == "dies after":
            self.doubtful += 1
            self._die()
        if mood == "silent":
            self.doubtful += 1
            return Outcome(Fate.UNKNOWN, "no answer after the final dot")
        return Outcome(Fate.SENT, "250 taken")

    def close(self) -> None:
        """The connection is let go of."""

    def _die(self) -> None:
        self._simulation.deaths += 1
        raise Died("sending a letter")
