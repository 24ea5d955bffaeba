"""The networks and their training.

config                  presets, and the configuration of a run
networks, convolutions  generator and discriminator; their convolutions, faster on a CPU
losses, augment         adversarial losses and penalties; augmentation of what the discriminator sees
pretrained              the second discriminator, on the feature maps of a pre-trained network
adversaries             one training step, and all state that it changes
trainer                 the loop: steps, log, samples, evaluation, checkpoints, rollbacks
data, processes         batches of faces; several processes that share each batch
ema, best, checkpoint   averaged weights; the best of them; everything that resuming needs
budget, health          when training ends, and when it has failed
judge, metrics, fid     the evaluation protocol; KID, precision and recall; Inception FID
memorisation            near copies of training faces
conditioning, attributes  which attributes the last entries of a latent control; their values
known_latents           training on images whose latents are known
widen                   initial weights from a smaller model
samples                 grids of the same faces over time, and the films of them
upscaler, fit_upscaler  the network that doubles the size of a generator's images; its training
encoder, fit_encoder    the network that finds the latents of a face; its training
photo_changes, face_features  for the encoder: degraded faces; label networks with gradients
allocator               memory that glibc keeps for the next step
monitor/                log, charts, the progress page, the console, TensorBoard
"""
