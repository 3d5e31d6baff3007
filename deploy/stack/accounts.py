"""Who the servers run as, and folders that they can reach.

PostgreSQL refuses to run as root, and RabbitMQ and nginx should not: started by root, each runs as the account that its
Debian package made. Started by anybody else, all run as that person."""

from __future__ import annotations

import hashlib
import os
import pwd
from pathlib import Path
from typing import Any

from deploy.stack.errors import ServerMissing, StackError


def account(name: str) -> str | None:
    """The account to run a server as; None: as whoever starts it."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise ServerMissing(f"there is no account {name}: is its package installed?") from None
    return name


def rights(user: str | None) -> dict[str, Any]:
    """Arguments for `subprocess` that make the new process this account's, with its groups and no others."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": os.getgrouplist(user, entry.pw_gid)}


def own(path: Path, user: str | None) -> Path:
    """Make a private folder that belongs to this account."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)
    path.chmod(0o700)
    return path


def reachable_folder(home: Path) -> Path:
    """Where the servers of this home keep their data: in it, or, when other accounts cannot reach it (below /root,
    say), in a folder of /var/tmp that belongs to this home alone. Permissions of parent folders are never changed."""
    home = home.resolve()
    if os.geteuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in (home, *home.parents)):
        inside = home / "servers"
        inside.mkdir(mode=0o711, exist_ok=True)
        return inside
    apart = Path("/var/tmp") / f"tsudoi-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"
    apart.mkdir(mode=0o711, exist_ok=True)
    if apart.is_symlink() or apart.stat().st_uid != os.geteuid():
        raise StackError(f"{apart} belongs to somebody else")
    apart.chmod(0o711)
    return apart
