"""The embedded face-api networks on onnxruntime, and the features that probes use.

AgeGenderNet, FaceExpressionNet and FaceLandmark68TinyNet of npm @vladmandic/face-api 1.7.15 (MIT, from face-api.js by
Vincent Muehler), converted by tools/convert_face_api.py; weights and licences lie in assets/face_api.
"""

from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

import numpy as np
import onnxruntime

from facegan.base.errors import FaceGANError
from facegan.labels.crop import SIDE
from facegan.labels.points import mirrored_points

EXPRESSIONS = ("neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised")
_BATCH = 4  # faces at once: larger batches leave the processor's caches, 16 take a tenth longer and 64 a third


@dataclass(frozen=True)
class NetworkOutputs:
    """The outputs of the networks for n faces. All float32."""

    age: np.ndarray  # (n,) years, AgeGenderNet's own
    gender: np.ndarray  # (n,) log-odds of male, AgeGenderNet's own
    expressions: np.ndarray  # (n, 7) logits in the order of EXPRESSIONS
    points: np.ndarray  # (n, 68, 2) the iBUG 68 landmarks in shares of the crop, mean of the crop and its mirror image
    features: np.ndarray  # (n, 1920) see `FEATURE_SIZE`


# 1,152: AgeGenderNet's middle maps, the means of 3 x 3 cells; 512: its last features; 256: FaceExpressionNet's last.
FEATURE_SIZE = 1152 + 512 + 256


def run_networks(crops: np.ndarray) -> NetworkOutputs:
    """Runs the networks on crops float32 (n, 112, 112, 3), RGB 0..255, as `crop.face_crops` makes them."""
    if len(crops) == 0:
        crops = np.zeros((1, SIDE, SIDE, 3), np.float32)
        nothing = run_networks(crops)
        return NetworkOutputs(**{field.name: getattr(nothing, field.name)[:0] for field in fields(nothing)})
    parts = [_run_batch(crops[start : start + _BATCH]) for start in range(0, len(crops), _BATCH)]
    return NetworkOutputs(
        **{field.name: np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(NetworkOutputs)}
    )


def inner_features(crops: np.ndarray) -> np.ndarray:
    """NetworkOutputs.features alone, float32 (n, 1920), without the cost of the landmarks."""
    parts = [np.empty((0, FEATURE_SIZE), np.float32)]
    for start in range(0, len(crops), _BATCH):
        batch = crops[start : start + _BATCH]
        _, _, features, in_places = run_network("age_gender_model", batch)
        parts.append(np.concatenate([in_places, features, run_network("face_expression_model", batch)[1]], axis=1))
    return np.concatenate(parts)


def _run_batch(crops: np.ndarray) -> NetworkOutputs:
    age, gender, features, in_places = run_network("age_gender_model", crops)
    expressions, expression_features = run_network("face_expression_model", crops)
    # The mirror image makes the points symmetrical, so that a mirrored face turns exactly the other way. The network
    # is so small that this costs less than the error it removes.
    points = run_network("face_landmark_68_tiny_model", crops)[0]
    mirrored = run_network("face_landmark_68_tiny_model", np.ascontiguousarray(crops[:, :, ::-1]))[0]
    return NetworkOutputs(
        age=age[:, 0],
        gender=gender[:, 0] - gender[:, 1],
        expressions=expressions,
        points=(points + mirrored_points(mirrored)) / 2,
        features=np.concatenate([in_places, features, expression_features], axis=1),
    )


def run_network(name: str, crops: np.ndarray) -> list[np.ndarray]:
    return _session(name).run(None, {"images": crops})


@cache
def _session(name: str) -> onnxruntime.InferenceSession:
    model = files("facegan").joinpath("assets", "face_api", f"{name}.onnx").read_bytes()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the nets are too small to share; callers with more cores use processes
    # The weights are stored as bytes. Without this onnxruntime multiplies them out at every run, at a third of the
    # speed, in the hope of integer arithmetic.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a dozen error classes and no base of its own
        raise FaceGANError(f"The installed {name}.onnx cannot be loaded ({error}): install FaceGAN again.") from error
