"""The model folder, the run and the Hub that the tests of the model have, too."""

from tests.model.conftest import config, discriminator, generator, hub, model_folder, push, rewrite, run  # noqa: F401
