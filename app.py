"""Play with a face generator in the browser: the command is in facegan/demo/command.py.

The same file is the entry of a Hugging Face Space. FACEGAN_MODEL names the model there; if it cannot be loaded, the
page shows its earlier copy or the embedded generator, and says so. Several names have commas between them.
"""

from facegan.demo.command import main

if __name__ == "__main__":
    main()
