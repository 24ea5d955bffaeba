"""The model folder: what training exports, the Hub holds and the demo loads.

folder                  every file of it, and the fields of config.json
load, fetch, film       FaceModel; where a folder is found (the default, a path, the Hub); films, fetched late
fallback, client        what the demo shows when the Hub fails; the errors of the Hub's client as sentences
generator, pipeline     the shipped generator and the diffusers pipeline; both are copied into the folder
diffusers_model         FaceGANPipeline, which loads without code of the folder
save, export, showcase  the whole folder; its weights; its pictures of generated faces
trainable               shipped weights as a generator that can be trained
card, slider_card       the model card
facts, measurements     which fields of config.json the card shows and a push needs; metrics and near copies
slider_files            sliders.json and sliders.safetensors
provenance              what draws a picture again
tensors, checks/        checks of weights, and of files from strangers
"""
