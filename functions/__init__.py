"""Whichever function is imported, its dataclasses and those of its libraries are to cost little."""

from shared import late_methods

late_methods.install()
