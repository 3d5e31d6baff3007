"""Pages: logging in, the staff console 事務局 and My Page 会員マイページ."""

from __future__ import annotations

from services.members.pages.applications import pages as applications
from services.members.pages.apply import pages as apply
from services.members.pages.categories import pages as categories
from services.members.pages.login import pages as login
from services.members.pages.members import pages as members
from services.members.pages.my import pages as my
from services.members.pages.password import pages as password
from services.members.pages.rosters import pages as rosters
from services.members.pages.setup import pages as setup
from services.members.pages.staff import pages as staff

PAGES = (login, password, setup, apply, members, applications, rosters, categories, staff, my)
