"""What the demo society is called everywhere: each service fills its own part under these names."""

from __future__ import annotations

SOCIETY = "019f0000-0000-7000-8000-000000000001"
SLUG = "demo"
PASSWORD = "tsudoi-demo"  # noqa: S105  (public: printed at every start of a demo)
CATEGORIES = (
    ("regular", "正会員", "Regular member"),
    ("student", "学生会員", "Student member"),
    ("honorary", "名誉会員", "Honorary member"),
)
