"""The diffusers pipeline. Copied beside the weights as pipeline.py, so it imports nothing of FaceGAN.

pipe = DiffusionPipeline.from_pretrained("user/name", trust_remote_code=True)
pipe(seeds=[1, 2, 3], truncation=0.8).images
pipe(latents=pipe.encode(faces)).images  # the look-alikes of faces, where the model has an encoder
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DiffusionPipeline, ImagePipelineOutput
from PIL import Image


class FaceGANPipeline(DiffusionPipeline):
    """Faces from seeds or latents.

    The network is the component `gan`: `generator` is what diffusers calls the random number generator. `upscaler`
    doubles the size of its images, `encoder` finds the latents of faces; both are None in a model without one.
    """

    _optional_components = ["encoder", "upscaler"]

    def __init__(
        self,
        gan: torch.nn.Module,
        encoder: torch.nn.Module | None = None,
        upscaler: torch.nn.Module | None = None,
    ):
        super().__init__()
        self.register_modules(gan=gan, encoder=encoder, upscaler=upscaler)

    @torch.no_grad()
    def __call__(
        self,
        seeds: Sequence[int] | None = None,
        truncation: float = 1.0,
        latents: torch.Tensor | None = None,
        generator: torch.Generator | None = None,
        batch_size: int = 1,
        output_type: str = "pil",
        return_dict: bool = True,
    ) -> ImagePipelineOutput | tuple:
        """Draw one face for each of `seeds`, else of `latents` (n, 100), else `batch_size` random ones.

        `truncation` scales the latents: 1.0 is full variety, smaller is more typical.
        `output_type` "pil" gives PIL images, "np" float32 (n, H, W, 3) in [0, 1]. Raises ValueError where the
        network draws what is no picture.
        """
        size = self.gan.config.latent_size
        if seeds is not None:
            # numpy's frozen stream: one seed is one face on every machine.
            points = np.stack([np.random.RandomState(seed).randn(size) for seed in seeds])
            latents = torch.from_numpy((points * truncation).astype(np.float32))
        elif latents is None:
            # Drawn on the CPU, so that one torch seed is one face on every device.
            latents = torch.randn(batch_size, size, generator=generator) * truncation
        images = self.gan(latents.to(self.gan.device, self.gan.dtype))
        if self.upscaler is not None:
            images = self.upscaler(images.to(self.upscaler.device, self.upscaler.dtype))
        images = images.float().cpu().numpy()
        if not np.isfinite(images).all():  # finite weights can still add up to infinity
            raise ValueError(
                "What was drawn is no picture, because latents or weights are not finite or far too large: use other "
                "latents, or fetch or export the model again."
            )
        images = np.rint((images.transpose(0, 2, 3, 1).clip(-1, 1) + 1) * 127.5) / 255
        if output_type == "pil":
            images = self.numpy_to_pil(images)
        return ImagePipelineOutput(images=images) if return_dict else (images,)

    @torch.no_grad()
    def encode(self, faces: Sequence[Image.Image] | np.ndarray, passes: int = 2) -> torch.Tensor:
        """Latents float32 (n, latent_size) of the look-alikes of faces: `pipe(latents=...)` draws them.

        `faces` are PIL images, or uint8 (n, H, H, 3), framed as the faces of this model are: FaceGAN's
        `FaceModel.largest_face(photo).image` is such a face of a photo. `passes`: how often the encoder looks at the
        face beside its last answer. Raises ValueError where the model has no encoder, and for faces of other shapes.
        """
        if self.encoder is None:
            raise ValueError("This model has no encoder, so it finds no look-alikes.")
        seen = torch.cat([self._seen(face) for face in faces]) if len(faces) else None
        if seen is None:
            raise ValueError("There is no face to encode.")
        latents = torch.zeros(len(seen), self.gan.config.latent_size)
        for _ in range(passes):
            drawn = self.gan(latents.to(self.gan.device, self.gan.dtype)).float().cpu()
            pairs = torch.cat([seen, F.interpolate(drawn, seen.shape[-2:], mode="area")], dim=1)
            latents += self.encoder(pairs.to(self.encoder.device, self.encoder.dtype)).float().cpu()
        return latents

    def _seen(self, face: Image.Image | np.ndarray) -> torch.Tensor:
        """A face as the encoder sees it: float32 (1, 3, side, side) in [-1, 1], each pixel the mean of a square."""
        pixels = np.asarray(face.convert("RGB") if isinstance(face, Image.Image) else face)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[0] != pixels.shape[1] or pixels.shape[2] != 3:
            raise ValueError(f"A face must be square and uint8 (H, H, 3), not {pixels.dtype} {pixels.shape}.")
        values = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        return F.interpolate(values, (self.encoder.config.side,) * 2, mode="area")
