"""Pictures of people who do not exist, drawn from known latents. tools/draw_faces.py is the command line.

network     MobileStyleGAN without its last level, so that it draws 512 px
basis       maps latents g (100,), whose last entries are attributes, to the network's w (512,)
targets     the attributes, and the distribution that each should have in a set
readings    the face in a picture, and its labels
ages        a second estimate of the age, to reject pictures that look too young
fitting     fits the basis in rounds of drawing and labelling
"""
