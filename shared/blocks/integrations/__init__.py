"""Blocks that call a service of somebody else: a module a service, imitate ``slack.py``."""
