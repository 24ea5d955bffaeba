"""One training run from the options to the published model.

run_config, run_file      the options, and RUN/config.json
plan, initial             the options resolved into a plan; the model that training starts from
run                       follows the plan: train, export, measure, fit sliders, publish
metadata                  the config.json of the model folder
findings, model_sliders   near copies and shares of perceived groups; sliders of a model folder
afterwards                steps after the training that may fail without costing the model
publishing                the push at the end, and the command for later
compare, evaluate         aligned against unaligned faces; a model against real faces
"""
