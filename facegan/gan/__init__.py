"""Generator, discriminator, losses, augmentation, trainer, checkpoint."""
