"""The commands: their arguments, and errors as one line. train/*.py and the console scripts call them."""
