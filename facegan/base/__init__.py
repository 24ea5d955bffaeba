"""Seeds, truncation and paths in the latent space."""
