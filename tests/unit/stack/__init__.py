"""Tests of the servers and processes that `tsudoi stack` starts."""
