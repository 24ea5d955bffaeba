"""What every room uses, and what has no subject of its own.

seeds, latent_paths     seeds to latents; paths between latents, for morphs
pictures, stamp         PNG, MP4 and GIF, stamped as AI-generated and with what draws them again
html                    Jinja2 templates; templates/ has the frame and the style of all pages
errors, disk            FaceGANError, which users see; what to do when the disk refuses
files, lock, mapped     atomic writes; one process in a run folder; memory-mapped faces
commands, output        how commands are typed; an output that survives its reader
launch, paths, proxies  the environment: processes, names that are not UTF-8, proxies
telemetry               switches off the telemetry of libraries
"""
