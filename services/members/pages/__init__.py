"""Pages: logging in, the staff console 事務局 and My Page 会員マイページ."""

from __future__ import annotations

from services.members.pages.all_contacts import pages as all_contacts
from services.members.pages.announcements import pages as announcements
from services.members.pages.api_docs import pages as api_docs
from services.members.pages.applications import pages as applications
from services.members.pages.apply import pages as apply
from services.members.pages.attachments import pages as attachments
from services.members.pages.cards import pages as cards
from services.members.pages.categories import pages as categories
from services.members.pages.contacts import pages as contacts
from services.members.pages.custom_fields import pages as custom_fields
from services.members.pages.differences import pages as differences
from services.members.pages.duplicates import pages as duplicates
from services.members.pages.email import pages as email
from services.members.pages.erasure import pages as erasure
from services.members.pages.histories import pages as histories
from services.members.pages.integrations import pages as integrations
from services.members.pages.login import pages as login
from services.members.pages.member_papers import pages as member_papers
from services.members.pages.member_records import pages as member_records
from services.members.pages.member_requests import pages as member_requests
from services.members.pages.members import pages as members
from services.members.pages.my import pages as my
from services.members.pages.my_announcements import pages as my_announcements
from services.members.pages.my_corporation import pages as my_corporation
from services.members.pages.my_data import pages as my_data
from services.members.pages.my_records import pages as my_records
from services.members.pages.my_requests import pages as my_requests
from services.members.pages.numbering import pages as numbering
from services.members.pages.password import pages as password
from services.members.pages.permissions import pages as permissions
from services.members.pages.record_files import pages as record_files
from services.members.pages.record_kinds import pages as record_kinds
from services.members.pages.records import pages as records
from services.members.pages.rosters import pages as rosters
from services.members.pages.searches import pages as searches
from services.members.pages.security import pages as security
from services.members.pages.selections import pages as selections
from services.members.pages.setup import pages as setup
from services.members.pages.societies import pages as societies
from services.members.pages.staff import pages as staff
from services.members.pages.verify import pages as verify

OF_MEMBERS = (
    members,
    histories,
    selections,
    searches,
    numbering,
    applications,
    member_requests,
    member_papers,
    contacts,
    all_contacts,
    rosters,
    differences,
    categories,
    custom_fields,
    erasure,
    duplicates,
)
OF_ANNOUNCEMENTS = (announcements, my_announcements, attachments)
OF_RECORDS = (records, record_kinds, record_files, member_records)
OF_OFFICE = (staff, permissions, integrations, api_docs, societies)
OF_MY_PAGE = (my, my_corporation, my_requests, my_records, my_data, cards, email, security)
PAGES = (login, password, setup, apply, verify, *OF_MEMBERS, *OF_ANNOUNCEMENTS, *OF_RECORDS, *OF_OFFICE, *OF_MY_PAGE)
