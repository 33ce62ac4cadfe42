"""Tests of callmonitor."""
