"""What every room uses, and what has no subject of its own.

seeds, latent_paths     seeds to latents; paths between latents, for morphs
curves                  the curves of a latent's last entries
pictures, stamp         PNG, MP4 and GIF, stamped as AI-generated and with what draws them again
html                    Jinja2 templates; templates/ has the frame and the style of all pages
errors, disk            FaceGANError, whose message users see; what a user can do about a failed write
files, lock, mapped     atomic writes; one process in a run folder; memory-mapped faces
commands, output        command lines for messages; printing that survives a closed terminal or pipe
launch, proxies         the environment variables of distributed training and of proxies
paths, temporary        file names that are not UTF-8; the folder for temporary files
encoding, upscaling     constants of the encoder and the upscaler, for training and for use
telemetry               switches off the telemetry of libraries
"""
