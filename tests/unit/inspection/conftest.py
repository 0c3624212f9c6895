"""Makers of files, for the tests beside this."""
