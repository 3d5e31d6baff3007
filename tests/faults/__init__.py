"""Faults on real processes: what is killed, cut, repeated and mixed up, and what holds afterwards."""
