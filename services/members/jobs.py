"""Time in, and long work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from services.members.announcements.telling import tell_announcements
from services.members.applications.links import forget_old_applications
from services.members.categories import TELL, tell_category
from services.members.corporations.contacts import let_contacts_end
from services.members.custom_fields.defining import FORGET, forget_values
from services.members.duplicates.finding import FIND, find_duplicates_now, start_finding
from services.members.email_changes import forget_old_changes
from services.members.erasure.erasing import erase_due
from services.members.histories.bulk import CATEGORIES, STANDINGS, change_categories, change_standings
from services.members.histories.coming import begin_all_histories, let_categories_come, let_standings_come
from services.members.invitations import INVITE, send_invitations
from services.members.logins import forget_half_logins
from services.members.numbers.assigning import ASSIGN, assign_numbers
from services.members.password_links import forget_old_links
from services.members.password_requests import answer_requests
from services.members.records.check import check_records
from services.members.records.importing import import_records
from services.members.records.keeping import forget_old_records
from services.members.rosters.check import check_roster
from services.members.rosters.importing import import_roster
from services.members.rosters.upload import CHECK, IMPORT, forget_old_rosters
from services.members.selections import forget_old_selections
from services.members.sessions import forget_old_sessions
from services.members.throttle import forget_old_attempts
from shared.jobs import JobRun
from shared.service import Due

DUE = (
    Due("answer-password-requests", timedelta(seconds=1), answer_requests, for_each_society=False),
    Due("let-standings-come", timedelta(minutes=1), let_standings_come),
    Due("let-categories-come", timedelta(minutes=1), let_categories_come),
    Due("let-contacts-end", timedelta(minutes=1), let_contacts_end),
    Due("tell-announcements", timedelta(seconds=10), tell_announcements),
    Due("begin-histories", timedelta(hours=1), begin_all_histories, for_each_society=False),
    Due("find-duplicates", timedelta(hours=6), start_finding),
    Due("forget-old-sessions", timedelta(hours=6), forget_old_sessions),
    Due("forget-half-logins", timedelta(hours=1), forget_half_logins),
    Due("forget-old-links", timedelta(hours=6), forget_old_links),
    Due("forget-old-applications", timedelta(hours=6), forget_old_applications),
    Due("forget-old-changes", timedelta(hours=6), forget_old_changes),
    Due("forget-old-attempts", timedelta(hours=1), forget_old_attempts),
    Due("forget-old-rosters", timedelta(hours=6), forget_old_rosters),
    Due("forget-old-records", timedelta(minutes=1), forget_old_records),
    Due("erase-people", timedelta(minutes=1), erase_due),
    Due("forget-old-selections", timedelta(hours=6), forget_old_selections),
)

LONG_WORK: Mapping[str, Callable[[JobRun], None]] = {
    CHECK["members"]: check_roster,
    IMPORT["members"]: import_roster,
    CHECK["records"]: check_records,
    IMPORT["records"]: import_records,
    INVITE: send_invitations,
    STANDINGS: change_standings,
    CATEGORIES: change_categories,
    ASSIGN: assign_numbers,
    TELL: tell_category,
    FORGET: forget_values,
    FIND: find_duplicates_now,
}
