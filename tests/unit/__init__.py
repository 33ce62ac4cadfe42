"""Tests of single rooms, without a network."""
