"""Who may do what with members: roles by the names of `shared/capabilities/capabilities.toml`."""

from __future__ import annotations

from shared.capabilities import may

MEMBERS_SEE = may("see-members")
MEMBERS_CHANGE = may("change-members")
FIELDS_DEFINE = may("define-fields")
STAFF_CHANGE = may("manage-staff")
PEOPLE_ERASE = may("erase-people")
INTEGRATIONS_MANAGE = may("manage-integrations")
PERMISSIONS_SEE = may("see-permissions")
ANNOUNCEMENTS_READ = may("read-announcements")
OWN_PROFILE = may("own-profile")
OWN_PROFILE_CHANGE = may("change-own-profile")
OWN_MEMBERSHIP = may("own-membership")
REQUESTS_MAKE = may("make-requests")
SOCIETIES_MANAGE = may("manage-societies")
