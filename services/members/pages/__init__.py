"""Pages: logging in, the staff console 事務局 and My Page 会員マイページ."""

from __future__ import annotations

from services.members.pages.applications import pages as applications
from services.members.pages.apply import pages as apply
from services.members.pages.categories import pages as categories
from services.members.pages.email import pages as email
from services.members.pages.login import pages as login
from services.members.pages.member_requests import pages as member_requests
from services.members.pages.members import pages as members
from services.members.pages.my import pages as my
from services.members.pages.my_requests import pages as my_requests
from services.members.pages.numbering import pages as numbering
from services.members.pages.password import pages as password
from services.members.pages.rosters import pages as rosters
from services.members.pages.searches import pages as searches
from services.members.pages.selections import pages as selections
from services.members.pages.setup import pages as setup
from services.members.pages.staff import pages as staff
from services.members.pages.standings import pages as standings

OF_MEMBERS = (members, standings, selections, searches, numbering, applications, member_requests, rosters, categories)
PAGES = (login, password, setup, apply, *OF_MEMBERS, staff, my, my_requests, email)
