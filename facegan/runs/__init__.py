"""One training run from the options to the published model.

run_config, run_file      the options, and RUN/config.json
plan, initial             the options resolved into a plan; the model that training starts from
run                       follows the plan: train, export, measure, fit sliders and encoder, publish
metadata                  the config.json of the model folder
findings, look_alikes     measurements for the card: near copies and perceived groups; look-alikes
model_sliders, model_encoder, model_upscaler  what is fitted to a model folder after its training
optional_steps            the steps after the training, which may fail while the model stays usable
publishing                the push at the end, and the command for later
compare, evaluate         aligned against unaligned faces; a model against real faces
"""
