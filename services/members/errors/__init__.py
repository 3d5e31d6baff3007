"""Errors of members, a file for each capability."""
