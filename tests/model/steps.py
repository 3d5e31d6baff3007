"""The steps among which Hypothesis chooses, each as often as it stands here. All of them are possible at any time and
take any number, so that whatever fails can be shrunk by leaving out steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.model import post, till

Few = st.integers(0, 5)
Amounts = st.sampled_from((1, 5_000, 8_000, 20_000))
Sending = st.sampled_from(("",) * 12 + ("claimed", "published", "marked"))  # where the process dies; mostly it does not
Taking = st.sampled_from(("",) * 24 + ("received", "decoded", "inbox", "effect", "outbox", "commit", "ack"))
Spans = st.sampled_from((1, 1, 6, 6, 40, 40, 150, 150, 1_200, 1_200, 10_800, 86_400, 8 * 86_400))
Services = st.sampled_from(("payments", "payments", "notifications", "events"))


@dataclass(frozen=True)
class Step:
    """`name` is a function of Business or Processes."""

    name: str
    values: dict[str, Any]

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.values.items())})"


def _step(name: str, **values: SearchStrategy[Any]) -> SearchStrategy[Step]:
    return st.builds(Step, st.just(name), st.fixed_dictionaries(values))


_WEIGHTED: tuple[tuple[int, SearchStrategy[Step]], ...] = (
    (12, _step("work_off", number=Few, die_at=Taking, passes=st.integers(1, 3))),
    (6, _step("relay_to_queues", number=Few, limit=st.sampled_from((1, 2, 1000)), die_at=Sending)),
    (6, _step("relay_to_inboxes", number=Few, die_at=Sending)),
    (
        12,
        _step(
            "arrive",
            number=Few,
            first=st.integers(0, 9),
            count=st.sampled_from((1, 2, 20)),
            newest=st.booleans(),
            ack_lost=st.sampled_from((False, False, False, True)),
            die_at=Taking,
        ),
    ),
    (3, _step("issue_invoice", person=Few, amount=Amounts)),
    (1, _step("start_run", year=st.sampled_from((2026, 2027)))),
    (2, _step("end_run", number=Few, cancel=st.sampled_from((False, False, True)))),
    (1, _step("use_credit", number=Few)),
    (2, _step("cancel_invoice", number=Few)),
    (4, _step("receive_cash", number=Few, share=st.sampled_from((100, 100, 40, 150)), key=st.integers(0, 60))),
    (1, _step("receive_for_nothing", person=Few, amount=Amounts, key=st.integers(0, 60))),
    (2, _step("take_back", number=Few)),
    (
        4,
        _step(
            "choose_method", number=Few, method=st.sampled_from(("konbini", "card")), mood=st.sampled_from(till.MOODS)
        ),
    ),
    (1, _step("change_mind", number=Few, mood=st.sampled_from(till.MOODS))),
    (5, _step("at_the_till", number=Few, what=st.sampled_from(till.HAPS))),
    (5, _step("tell", number=Few, answer_lost=st.booleans(), again=st.sampled_from((False, False, True)))),
    (3, _step("register", event=Few, person=Few)),
    (2, _step("cancel_registration", number=Few)),
    (2, _step("change_person", person=Few, email=st.integers(0, 99))),
    (2, _step("do_long_work", passes=st.integers(0, 2))),
    (4, _step("tick", service=Services, till=st.sampled_from(till.MOODS), post=st.sampled_from(post.MOODS))),
    (4, _step("time_passes", seconds=Spans)),
    (1, _step("die_while_saying", passes=st.integers(1, 4))),
)

STEPS: SearchStrategy[Step] = st.sampled_from([each for weight, each in _WEIGHTED for _ in range(weight)]).flatmap(
    lambda chosen: chosen
)
