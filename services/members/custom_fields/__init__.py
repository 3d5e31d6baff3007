"""Custom fields 独自項目: what a society wants to know of its members besides what everybody does."""
