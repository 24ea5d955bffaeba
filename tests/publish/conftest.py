"""The model folder, the run and the Hub that the tests of the model have, too."""

from tests.model.conftest import (  # noqa: F401
    config,
    discriminator,
    generator,
    hub,
    model_folder,
    push,
    push_commands,
    rewrite,
    run,
)
