"""Servers of other people's platforms, played by us: strict, in process, without a network."""
