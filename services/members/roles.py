"""Who may do what with members: roles by the names of `shared/capabilities/capabilities.toml`."""

from __future__ import annotations

from shared.capabilities import may

MEMBERS_SEE = may("see-members")
MEMBERS_CHANGE = may("change-members")
STAFF_CHANGE = may("manage-staff")
PERMISSIONS_SEE = may("see-permissions")
ANNOUNCEMENTS_READ = may("read-announcements")
OWN_PROFILE = may("own-profile")
OWN_MEMBERSHIP = may("own-membership")
SOCIETIES_MANAGE = may("manage-societies")
