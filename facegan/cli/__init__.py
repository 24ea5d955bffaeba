"""The commands: their arguments, and errors as one line. The files in train/ are the doors to them."""
