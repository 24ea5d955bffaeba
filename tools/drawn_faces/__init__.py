"""Pictures of people who do not exist, drawn from known latents. tools/draw_faces.py is the command line.

network     MobileStyleGAN, cut at 512 px
basis       latents g (100,) to the network's w (512,), attributes last
wanted      the attributes and how they are to be spread
readings    what a drawn picture shows
fitting     the basis from rounds of drawing and reading
"""
