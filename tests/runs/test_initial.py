"""What a training starts from; that it then draws the model's faces is in tests/model/test_trainable.py."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from facegan.base.errors import FaceGANError
from facegan.faces.cache import FaceCache
from facegan.faces.options import FaceOptions
from facegan.gan.adversaries import Adversaries
from facegan.gan.config import PRESETS, Start, TrainConfig
from facegan.gan.networks import Discriminator, Generator, channels_at
from facegan.model.export import export_discriminator, export_weights, shipped_form
from facegan.model.folder import DEFAULT_FOLDER, DISCRIMINATOR, ModelConfig
from facegan.runs.initial import choose_size, choose_start, faces_for, find_initial, width_of
from facegan.runs.run_config import RunOptions, read_config, write_config

DEFAULT = ModelConfig.read(DEFAULT_FOLDER)
FRAMING = DEFAULT.data["framing"]
OWN = DEFAULT.training["preset"]
SIZE = DEFAULT.image_size
WIDTH = width_of(SIZE, DEFAULT.channels)
OTHER = FRAMING + 0.2  # another framing


@pytest.fixture(autouse=True)
def few_samples(monkeypatch):
    """What a start's normalisation is measured on: how exactly is no test's subject here."""
    monkeypatch.setattr("facegan.model.trainable.SAMPLES", 64)


@pytest.fixture
def options(tmp_path):
    (tmp_path / "photos").mkdir()
    return RunOptions(data=(tmp_path / "photos",), out=tmp_path / "run", faces=FaceOptions(size=SIZE))


def faces(count, framing=FRAMING, size=SIZE):
    return FaceCache(Path(), {"framing": framing}, np.arange(count), np.zeros((1, size, size, 3), np.uint8))


def started(options, cache):
    said = []
    initial, preset = choose_start(find_initial(options), options, cache, len(cache), said.append)
    assert len(said) == (0 if options.init == "none" else 1)
    assert preset == (OWN if initial and options.preset == "auto" else options.preset)
    return initial, "".join(said)


def test_auto_starts_few_faces_from_the_default_and_says_so(options):
    initial, said = started(options, faces(300))
    assert initial.start == Start("FaceGAN's default generator", DEFAULT.data["about"])
    assert said.startswith("Training starts from FaceGAN's default generator: 300 faces are few")


@pytest.mark.parametrize(
    ("count", "framing", "size", "preset", "why"),
    [
        (5000, FRAMING, SIZE, OWN, "5,000 faces are enough"),
        (300, OTHER, SIZE, "auto", f"the faces have framing {OTHER:g}"),
        (300, OTHER, 2 * SIZE, OWN, f"draws {SIZE} px and not {2 * SIZE}."),  # nor framed as the default
        (300, OTHER, SIZE, "classic", "other widths than preset classic (leave --preset out to start from it)."),
        (300, OTHER, SIZE, "large", "other widths than preset large (--init default widens it)."),
    ],
)
def test_auto_starts_from_nothing_where_the_default_does_not_fit_and_says_why(
    options, count, framing, size, preset, why
):
    options = replace(options, faces=FaceOptions(size=size), preset=preset)
    initial, said = started(options, faces(count, framing, size))
    assert initial is None
    assert said.startswith("Training starts from random weights: ")
    assert why in said


@pytest.mark.parametrize("stored", [{}, {"framing": "close"}, {"framing": 9.0}])
def test_auto_does_not_start_from_a_model_whose_framing_is_unknown(options, stored):
    initial = find_initial(options)
    initial = replace(initial, config=replace(initial.config, data=stored))
    said = []
    assert choose_start(initial, options, faces(300), 300, said.append)[0] is None
    assert said[0].endswith("FaceGAN's default generator does not say how its faces are framed.")


def test_none_is_nothing(options):
    assert started(replace(options, init="none"), faces(300)) == (None, "")


@pytest.mark.parametrize(
    ("init", "faces_options", "expected"),
    [
        ("default", {}, FRAMING),
        ("default", {"framing": OTHER}, OTHER),  # what was asked for
        ("auto", {}, FRAMING),
        ("auto", {"framing": OTHER}, OTHER),
        ("auto", {"size": 2 * SIZE}, None),  # the photos decide
        ("none", {}, None),
    ],
)
def test_faces_are_framed_as_the_models(options, init, faces_options, expected):
    options = replace(options, init=init, faces=replace(options.faces, **faces_options))
    said = []
    assert faces_for(find_initial(options), options, options.out / "faces", said.append).framing == expected
    assert bool(said) == (expected == FRAMING)


def test_many_photos_are_framed_as_they_can_be_unless_they_are_of_one_person(options, monkeypatch):
    monkeypatch.setattr("facegan.runs.initial.FEW_FACES", 3)
    for number in range(3):
        (options.data[0] / f"{number}.jpg").touch()
    initial = find_initial(options)
    assert faces_for(initial, options, options.out / "faces", print).framing is None
    of_one = replace(options, faces=replace(options.faces, person="auto"))
    assert faces_for(initial, of_one, options.out / "faces", print).framing == FRAMING


@pytest.fixture
def model(tmp_path):
    """model(**config): the default in a folder of its own, with other values in its config."""

    def make(**values):
        folder = tmp_path / "model"
        shutil.copytree(DEFAULT_FOLDER, folder)
        (folder / DISCRIMINATOR).unlink(missing_ok=True)
        replace(DEFAULT, **values).save(folder)
        return str(folder)

    return make


def test_a_folder_is_recorded_without_its_path_and_its_one_person_stays_one(options, model, tmp_path):
    folder = model(name="My faces", data={"about": "Photos of me.", "one_person": True, "framing": OTHER})
    options = replace(options, init=folder)
    initial, said = started(options, faces(9000))  # as asked for, whatever the faces are
    assert initial.start == Start("an unpublished model (My faces)", "Photos of me.", True)
    assert str(tmp_path) not in said
    assert faces_for(initial, options, options.out / "faces", print).framing == OTHER


def test_the_preset_is_the_models_own(options, model):
    options = replace(options, init=model(training={"preset": "classic"}))  # which cannot be: it is wider
    assert started(options, faces(300))[0].width == WIDTH


def test_machines_that_share_the_faces_decide_by_all_of_them(options):
    said = []
    initial, preset = choose_start(find_initial(options), options, faces(300), 9000, said.append)
    assert (initial, preset, said) == (None, "auto", ["Training starts from random weights: 9,000 faces are enough."])


def test_a_wider_preset_that_is_asked_for_begins_as_the_model(options):
    options = replace(options, init="default", preset="large")
    initial, said = started(options, faces(9000))
    assert said.startswith("Training starts from FaceGAN's default generator, widened: as --init says. Its discri")
    train = TrainConfig(replace(PRESETS["large"], width=WIDTH + 2), SIZE, 0, "cpu", "float32", initial.start)
    weights = initial.weights(SIZE, "large")
    gan = Adversaries(train, weights=weights)
    narrow = Generator(SIZE, WIDTH, thin=True)
    narrow.load_state_dict(weights.generator)
    latents = torch.randn(4, 100, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(gan.generator(latents), narrow(latents), atol=1e-5, rtol=0)
    first = weights.discriminator["layers.0.weight"]
    assert torch.equal(gan.discriminator.layers[0].weight[: len(first)], first)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"faces": FaceOptions(size=4 * SIZE)},
            f"draws {SIZE} px and not {4 * SIZE}: use --size {SIZE} or {2 * SIZE}, or",
        ),
        ({"preset": "classic"}, "other widths than preset classic: leave --preset out, or choose another --init."),
        ({"init": "no/such/folder"}, "There is no model in no/such/folder"),
    ],
)
def test_what_does_not_fit_is_told_before_the_photos_are_read(options, changes, sentence):
    with pytest.raises(FaceGANError) as caught:
        find_initial(replace(options, **{"init": "default", **changes}))
    assert sentence in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_kernels_that_are_free_stay_free(options, model):
    folder = Path(model())
    free = Generator(SIZE, WIDTH, "transposed", thin=True, curves=DEFAULT.curves)
    for up in (*free.ups, free.to_rgb):
        torch.nn.init.normal_(up.weight, 0.0, 0.05)
    for norm in free.norms:
        torch.nn.init.normal_(norm.bias)
    export_weights(shipped_form(free.eval()), folder)
    weights = find_initial(replace(options, init=str(folder))).weights(SIZE, OWN)
    assert weights.upsample == "transposed"
    train = TrainConfig(replace(PRESETS[OWN], upsample=weights.upsample), SIZE, 0, "cpu", "float32", Start("a model"))
    assert torch.equal(Adversaries(train, weights=weights).generator.to_rgb.weight, weights.generator["to_rgb.weight"])


@pytest.mark.parametrize("preset", [["small"], {}, 3, None])
def test_a_model_that_names_no_preset_has_the_one_of_its_width(options, model, preset):
    assert find_initial(replace(options, init=model(training={"preset": preset}))).own_preset(SIZE) == OWN


def test_weights_are_unfolded_where_they_were_folded(options):
    weights = find_initial(options).weights(SIZE, OWN)
    assert weights.upsample == "resize"
    assert weights.generator["ups.0.weight"].shape == (8 * WIDTH, 4 * WIDTH, 3, 3)


@pytest.fixture
def with_discriminator(options, model):
    """with_discriminator(...): the options of a start from a model with a Discriminator(...), and that one's file."""

    def make(**values):
        folder = model()
        torch.manual_seed(3)
        values = {"size": SIZE, "width": WIDTH, "norm": "none", "thin": True, **values}
        export_discriminator(Discriminator(**values), Path(folder))
        return replace(options, init=folder), Path(folder) / DISCRIMINATOR

    return make


def test_a_models_discriminator_goes_on_as_well(with_discriminator):
    options, file = with_discriminator(attributes=2)
    initial, said = started(options, faces(300))
    assert said.endswith("Its discriminator is used as well, and learns alone during the warm-up.")
    train = TrainConfig(PRESETS[OWN], SIZE, 0, "cpu", "float32", initial.start)
    found = Adversaries(train, weights=initial.weights(SIZE, OWN)).discriminator.state_dict()
    stored = load_file(file)
    assert found.keys() == stored.keys()
    for name, value in found.items():
        assert value.dtype == torch.float32
        assert torch.equal(value, stored[name].float()), name


def test_an_older_model_has_none_and_a_new_one_begins(options, model):
    initial, said = started(replace(options, init=model()), faces(300))
    assert said.endswith("The discriminator is new and learns alone during the warm-up.")
    assert initial.weights(SIZE, OWN).discriminator is None


@pytest.mark.parametrize("other", [{"width": 16}, {"size": 2 * SIZE}, {"norm": "batch"}, {"minibatch_std": False}])
def test_one_of_another_network_is_left_and_that_is_said(with_discriminator, other):
    options, _ = with_discriminator(**other)
    initial, said = started(options, faces(300))
    assert f"The discriminator is new, because the model's is not one of preset {OWN}, and learns alone" in said
    assert initial.weights(SIZE, OWN).discriminator is None


def test_a_damaged_discriminator_is_refused_in_one_sentence(with_discriminator):
    options, file = with_discriminator()
    weights = load_file(file)
    weights["layers.2.bias"][5] = float("nan")
    save_file(weights, file)
    for said in ("'layers.2.bias' that are not finite", "is not a file of weights"):
        with pytest.raises(FaceGANError, match=said) as caught:
            started(options, faces(300))
        assert str(file) in str(caught.value)
        assert str(caught.value).endswith("or remove the file: training then begins with a new one.")
        assert len(str(caught.value).splitlines()) == 1
        file.write_bytes(file.read_bytes()[:-100])


def test_a_run_remembers_its_start_and_an_older_run_had_none(options, tmp_path):
    train = TrainConfig(PRESETS["small"], 64, 3, "cpu", "float32", Start("user/faces@abc", "Drawings.", True))
    write_config(tmp_path, replace(options, init="user/faces"), train, "abc")
    now = RunOptions(data=(), out=tmp_path, resume=True)
    resumed, found, _ = read_config(tmp_path, now)
    assert (resumed.init, found) == ("user/faces", train)
    content = json.loads((tmp_path / "config.json").read_text())
    assert content["train"]["start"] == asdict(train.start)
    del content["train"]["start"], content["options"]["init"]
    (tmp_path / "config.json").write_text(json.dumps(content))
    resumed, found, _ = read_config(tmp_path, now)
    assert (resumed.init, found.start) == ("none", None)


@pytest.fixture
def small_model(tmp_path):
    """A model of 32 px and width 32 with its discriminator, which no preset's size has."""
    folder = tmp_path / "small"
    torch.manual_seed(5)
    generator, discriminator = Generator(32, 32), Discriminator(32, 32, "none")
    for norm in generator.norms:
        torch.nn.init.normal_(norm.bias, 0.0, 0.3)
    folder.mkdir()
    export_weights(shipped_form(generator.eval()), folder)
    export_discriminator(discriminator, folder)
    small = {"image_size": 32, "channels": tuple(channels_at(32, 32)), "curves": (), "training": {"preset": "small"}}
    replace(DEFAULT, **small).save(folder)
    return folder


def test_a_model_of_half_the_size_is_grown_when_it_is_asked_for(options, small_model):
    options = replace(options, init=str(small_model))
    initial, said = started(replace(options, faces=FaceOptions(size=64), preset="small"), faces(300))
    assert ", grown: as --init says" in said
    assert "Its discriminator is used as well" in said
    weights = initial.weights(64, "small")
    grown, small = Generator(64, channels=[*channels_at(32, 32), 32]), initial.weights(32, "small")
    assert [len(weights.generator[f"norms.{i}.weight"]) for i in range(4)] == [128, 64, 32, 32]
    grown.load_state_dict(weights.generator)
    before = Generator(32, 32)
    before.load_state_dict(small.generator)
    latents = torch.randn(4, 100, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        enlarged = F.interpolate(before.eval()(latents), scale_factor=2, mode="bilinear")
        inside = (..., slice(2, -2), slice(2, -2))
        assert (grown.eval()(latents)[inside] - enlarged[inside]).abs().max() < 0.01


@pytest.mark.parametrize(
    ("init", "device", "expected"), [("default", "cuda", SIZE), ("none", "cpu", 64), ("none", "cuda", 128)]
)
def test_auto_is_the_size_of_the_start_else_what_the_device_has_time_for(options, init, device, expected):
    options = replace(options, init=init, auto_size=True, faces=FaceOptions(size=16))
    said = []
    found = choose_size(find_initial(options), options, options.out / "faces", device, said.append)
    assert found.faces.size == expected
    assert len(said) == 1
    fixed = replace(options, auto_size=False, init="none")
    assert choose_size(None, fixed, options.out / "faces", device, said.append).faces.size == 16
