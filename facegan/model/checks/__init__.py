"""Checks of untrusted files, before any library opens them."""
