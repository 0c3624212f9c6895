"""Agents of other platforms: what is known of their files, and how these become graphs and back. Pure."""
