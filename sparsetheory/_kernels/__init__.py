"""Loops that two or more families share."""
