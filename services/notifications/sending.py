"""Letters go out: each is claimed in a transaction of its own before it is sent, and marked in the next one after.

Whatever dies in between, no letter is skipped, and at most the one in hand goes out twice, under the same Message-ID.
The mark of one letter and the claim of the next share a transaction: a commit a letter."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from weakref import WeakKeyDictionary

import sqlalchemy as sa
import structlog
from liquid.exceptions import LiquidError
from prometheus_client import Counter

from services.notifications.envelope import Mail
from services.notifications.models import OPEN, LetterRow
from services.notifications.settings import NotificationsSettings
from services.notifications.smtp import Fate, Outcome, SmtpConnection
from services.notifications.writing import NotAtAll, NotNow, message_id_of, sender_of, write
from shared import clock
from shared.messages.notifications import LetterBounced
from shared.service import RunningService
from shared.uow import UnitOfWork

log = structlog.get_logger()

FATES = Counter("tsudoi_letters", "What became of letters that were handed to the mail server", ["fate"])

PASS = 15.0  # seconds that one round of sending may take; then the ticker sees to the rest of its work
TURN = 50  # letters of one society before the next society has its turn
TIMEOUTS_OF_A_LETTER = 5  # RSET, MAIL, RCPT, DATA, the dot: longer than that only a dead sender holds a letter
MAILBOX_TURN = 200  # letters put into the in-app mailbox in one transaction
DELAYS = (60, 300, 900, 1800, 3600, 7200, 14400, 28800, 28800)  # seconds; about a day, then the letter has failed
LONGEST_WAIT = timedelta(days=7)  # for a fact that never comes
PAUSES = (2, 5, 15, 30, 60)  # seconds without any try after the server could not be reached


class Transport(Protocol):
    """How letters leave: SmtpConnection, or whatever a test puts in its place."""

    def deliver(self, mail: Mail) -> Outcome: ...

    def close(self) -> None: ...


@dataclass
class Sender:
    """The sending of one running service: its connection, and how long to leave an unreachable server alone."""

    running: RunningService
    settings: NotificationsSettings
    transport: Transport | None  # None: in-app mailbox
    reachable: bool = True
    failures: int = 0  # in a row
    quiet_until: float = 0.0

    def send_due(self) -> int:
        """Send all that is due by now, a turn for each society. Returns how many."""
        if time.monotonic() < self.quiet_until:
            return 0
        self.reachable = True
        end, sent = time.monotonic() + PASS, 0
        try:
            while self.reachable and time.monotonic() < end:
                turns = [self._turn(society, end) for society in self.running.societies(at_work=True)]
                sent += sum(turns)
                if not any(turns):
                    break
        finally:
            if self.transport is not None:
                self.transport.close()
        return sent

    def _turn(self, society: str, end: float) -> int:
        with self.running.unit(society, reading=True) as uow:
            if not _due(uow, 1, lock=False):
                return 0
        if self.transport is None:
            with self.running.unit(society) as uow:
                return _fill_mailbox(uow, self.settings)
        done, mail, outcome = 0, None, None
        while True:
            with self.running.unit(society) as uow:
                if mail is not None and outcome is not None:
                    record(uow, mail, outcome)
                go_on = self.reachable and done < TURN and time.monotonic() < end
                mail = claim(uow, self.settings) if go_on else None
            if mail is None:
                return done
            outcome = self.transport.deliver(mail)
            FATES.labels(outcome.fate.value).inc()
            self._mind_reachability(outcome)
            done += 1

    def _mind_reachability(self, outcome: Outcome) -> None:
        if outcome.fate is not Fate.UNREACHABLE:
            self.failures = 0
            return
        pause = PAUSES[min(self.failures, len(PAUSES) - 1)]
        self.failures += 1
        self.reachable = False
        self.quiet_until = time.monotonic() + pause
        log.warning("mail server cannot be reached", words=outcome.words, pause=pause)


_senders: WeakKeyDictionary[RunningService, Sender] = WeakKeyDictionary()


def send_due(running: RunningService) -> None:
    """Due work: one round of sending."""
    settings = running.settings
    assert isinstance(settings, NotificationsSettings)
    if running not in _senders:
        server = settings.mail_server
        _senders[running] = Sender(running, settings, SmtpConnection(server, settings.smtp_timeout) if server else None)
    _senders[running].send_due()


def claim(uow: UnitOfWork, settings: NotificationsSettings) -> Mail | None:
    """Take the next letter that is due and can be written; None if there is none.

    While it is being sent `next_try_at` says until when the sender is given time; a letter found after that is the one
    that somebody held who died."""
    for _ in range(MAILBOX_TURN):
        letter = next(iter(_due(uow, 1)), None)
        if letter is None:
            break
        if not _write(uow, letter, settings.public_url):
            continue
        letter.doubtful = letter.doubtful or letter.state == "sending"
        letter.state, letter.attempts = "sending", letter.attempts + 1
        letter.next_try_at = uow.now + timedelta(seconds=TIMEOUTS_OF_A_LETTER * settings.smtp_timeout)
        return _mail(uow, letter, settings.public_url)
    return None


def record(uow: UnitOfWork, mail: Mail, outcome: Outcome) -> None:
    """Store what became of a letter; a dead address is told to the others."""
    letter = uow.get(LetterRow, mail.letter_id, lock=True)
    letter.delivery, letter.next_try_at = outcome.words, None
    match outcome.fate:
        case Fate.SENT:
            letter.state, letter.sent_at = "sent", uow.now
        case Fate.BOUNCED:
            letter.state = "bounced"
            if letter.person_id:
                code = outcome.words[:3]
                uow.say(LetterBounced(letter_id=letter.id, person_id=letter.person_id, code=code, bounced_at=uow.now))
        case Fate.REFUSED:
            letter.state = "failed"
        case Fate.UNKNOWN if letter.bulk or letter.doubtful:
            letter.state = "unknown"  # better once too few than a second copy to thousands: staff see it and decide
        case Fate.UNREACHABLE:
            letter.attempts -= 1
            letter.state, letter.next_try_at = "retrying", uow.now
        case _:
            letter.doubtful = letter.doubtful or outcome.fate is Fate.UNKNOWN
            _try_later(uow, letter)


def _try_later(uow: UnitOfWork, letter: LetterRow) -> None:
    if letter.attempts > len(DELAYS):
        letter.state = "failed"
        return
    seconds = DELAYS[letter.attempts - 1] * random.uniform(0.8, 1.2)
    letter.state, letter.next_try_at = "retrying", uow.now + timedelta(seconds=seconds)


def _fill_mailbox(uow: UnitOfWork, settings: NotificationsSettings) -> int:
    """Without a mail server a letter has arrived as soon as it is written: all in one transaction."""
    done = 0
    for letter in _due(uow, MAILBOX_TURN):
        done += 1
        if _write(uow, letter, settings.public_url):
            letter.message_id = letter.message_id or message_id_of(letter, settings.public_url)
            letter.state, letter.sent_at, letter.next_try_at = "sent", uow.now, None
            letter.attempts, letter.delivery = letter.attempts + 1, "in-app mailbox"
    return done


def _due(uow: UnitOfWork, limit: int, *, lock: bool = True) -> list[LetterRow]:
    statement = (
        sa.select(LetterRow)
        .where(LetterRow.state.in_(OPEN), LetterRow.next_try_at <= uow.now)
        .order_by(LetterRow.bulk, LetterRow.next_try_at, LetterRow.id)
        .limit(limit)
    )
    return list(uow.session.scalars(statement.with_for_update(skip_locked=True) if lock else statement))


def _write(uow: UnitOfWork, letter: LetterRow, public_url: str) -> bool:
    """Write a letter; one that can't or shall not be written is put off or ended instead."""
    if letter.attempts > len(DELAYS) + 1:
        result: NotNow | NotAtAll | None = NotAtAll("failed", "the sender died each time that it was sent")
    else:
        try:
            result = write(uow, letter, public_url)
        except (LiquidError, LookupError, ValueError, TypeError) as error:  # must not hold up the letters behind it
            log.exception("a letter can't be written", letter=letter.id, kind=letter.kind)
            result = NotAtAll("failed", f"the template does not fit: {error}"[:500])
    if result is None:
        return True
    letter.delivery = result.why
    if isinstance(result, NotAtAll) or uow.now - letter.queued_at > LONGEST_WAIT:
        letter.state = result.state if isinstance(result, NotAtAll) else "failed"
        letter.next_try_at = None
    else:
        waited = (uow.now - letter.queued_at).total_seconds()
        letter.next_try_at = clock.now() + timedelta(seconds=min(600.0, max(2.0, waited / 4)))
    return False


def _mail(uow: UnitOfWork, letter: LetterRow, public_url: str) -> Mail:
    letter.message_id = letter.message_id or message_id_of(letter, public_url)
    assert letter.address and letter.name is not None and letter.language and letter.subject and letter.text
    return Mail(
        letter_id=letter.id,
        bulk=letter.bulk,
        doubtful=letter.doubtful,
        sender=sender_of(uow.society, public_url),
        name=letter.name,
        address=letter.address,
        language=letter.language,
        subject=letter.subject,
        text=letter.text,
        message_id=letter.message_id,
        written_at=uow.now,
    )
