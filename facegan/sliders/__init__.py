"""Sliders: attributes of a generated face that can each be moved by themselves.

    sliders = fit_sliders(generate, framing)                # a SliderSet, in minutes; facegan.sliders.fit
    latents = sliders.edit(latents, {"smile": 1.0})         # float32 (n, d)

`FaceModel.sliders` and `FaceModel.edit` are the same of a model folder. The files, upstream first:

    surrogate   a small network that predicts scores from latents, and its gradient
    steer       moves a latent so that its predicted scores become given ones
    limit       where a slider ends for one face
    axes        entries of the latent that control one attribute each
    slider      Slider and SliderSet
    store       sliders.json and sliders.safetensors
    learn       fits the surrogate                                      (torch)
    calibrate   where its sliders end, and how fast they go there
    learn_limit fits the network that predicts those ends               (torch)
    fit         a generator's SliderSet: samples, scores, balance       (torch)
    complete    adds sliders to an earlier fit                          (torch)
    surprise    sliders that are found without labels
    judge_networks   the judge's own networks                           (torch)
    readings    what the judge reads from a face                        (torch)
    leakage     figures of what sliders change
    notes       the same in a sentence
    judge       what sliders change, and what they should not           (torch)
    picture     the matrices as a picture, and strips of faces

surrogate, steer, limit and slider move a face with numpy alone; importing this package imports
only them. docs/sliders.md
says how well it works.
"""

from facegan.sliders.slider import Slider, SliderSet

__all__ = ["Slider", "SliderSet"]
