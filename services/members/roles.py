"""Who may do what with members."""

from __future__ import annotations

from shared.identity import Role

MEMBERS_SEE = (Role.ADMINISTRATOR, Role.AFFAIRS, Role.ACCOUNTING, Role.READER)
MEMBERS_CHANGE = (Role.ADMINISTRATOR, Role.AFFAIRS)
FIELDS_DEFINE = (Role.ADMINISTRATOR,)
STAFF_CHANGE = (Role.ADMINISTRATOR,)
ANNOUNCEMENTS_READ = (Role.MEMBER, Role.APPLICANT, Role.CONTACT)  # who see My Page as, or almost as, members
REQUESTS_MAKE = (Role.MEMBER, Role.CONTACT)  # a contact for the corporate member
