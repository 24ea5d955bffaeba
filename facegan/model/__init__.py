"""The model folder: what training exports, the Hub holds and the demo loads.

folder                  every file of it, and the fields of config.json
load, fetch, film       FaceModel; where a folder is found (the default, a path, the Hub); films, fetched late
fallback, client        what the demo shows when the Hub fails; the errors of the Hub's client as sentences
slider_files            sliders.json and sliders.safetensors
encoder, upscaler       the two optional networks at work
face, face_text         the kinds of faces, and their latents; a face as JSON and as text in links
provenance              the recipe of a picture: what draws it again
photo                   a visitor's photo as an array
look_alike              the look-alike of a photo's face: encoder, attributes, then
refine, minimise        gradient-based refinement of its latent, and L-BFGS, with
pixel_loss, perceptual  the two losses and their gradients, as ONNX networks that
onnx_writer             writes without the package onnx
early                   the generator's early features, for the sliders found without labels
save, export, showcase  the whole folder; its weights; its pictures of generated faces
export_encoder, export_upscaler, components  the optional networks, as ONNX and for diffusers
diffusers_networks, pipeline  the networks and the pipeline for diffusers; both are copied into the folder
diffusers_model         FaceGANPipeline, which loads without code of the folder
trainable               shipped weights as a generator that can be trained
card, slider_card       the model card
facts, measurements     which fields of config.json the card shows and a push needs; metrics and near copies
tensors, checks/        checks of weights, and of untrusted files
"""
