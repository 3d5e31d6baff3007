"""Tests of one part at a time; `make test` runs them with everything else."""
