"""The model folder: export, load, the model card."""
