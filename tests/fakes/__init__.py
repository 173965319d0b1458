"""Servers we do not own, played strictly."""
