"""The two networks and their training.

config                  presets, and the configuration of a run
networks, convolutions  generator and discriminator; their convolutions, faster on a CPU
losses, augment         adversarial losses and penalties; what the discriminator sees, augmented
adversaries             one training step, and all state that it changes
trainer                 the loop: steps, log, samples, evaluation, checkpoints, rollbacks
data, processes         batches of faces; several processes that share each batch
ema, best, checkpoint   averaged weights; the best of them; everything that resuming needs
budget, health          when training ends, and when it has failed
judge, metrics, fid     the evaluation protocol; KID, precision and recall; Inception FID
memorisation            near copies of training faces
attributes, conditioning  the last entries of a latent as attributes: their values; which ones are learned
known_latents           training on images whose latents are known
widen                   initial weights from a smaller model
samples                 grids of the same faces over time, and the films of them
monitor/                log, charts, the progress page, the console, TensorBoard
"""
