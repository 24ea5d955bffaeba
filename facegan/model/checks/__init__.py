"""Checks of strangers' files, before any library opens them."""
