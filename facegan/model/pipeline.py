"""The diffusers pipeline. Copied beside the weights as pipeline.py, so it imports nothing of FaceGAN.

pipe = DiffusionPipeline.from_pretrained("user/name", trust_remote_code=True)
pipe(seeds=[1, 2, 3], truncation=0.8).images
"""

from collections.abc import Sequence

import numpy as np
import torch
from diffusers import DiffusionPipeline, ImagePipelineOutput


class FaceGANPipeline(DiffusionPipeline):
    """Faces from seeds or latents.

    The network is the component `gan`: `generator` is what diffusers calls the random number generator.
    """

    def __init__(self, gan: torch.nn.Module):
        super().__init__()
        self.register_modules(gan=gan)

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
        images = self.gan(latents.to(self.gan.device, self.gan.dtype)).float().cpu().numpy()
        if not np.isfinite(images).all():  # finite weights can still add up to infinity
            raise ValueError(
                "What was drawn is no picture, because latents or weights are not finite or far too large: use other "
                "latents, or fetch or export the model again."
            )
        images = np.rint((images.transpose(0, 2, 3, 1).clip(-1, 1) + 1) * 127.5) / 255
        if output_type == "pil":
            images = self.numpy_to_pil(images)
        return ImagePipelineOutput(images=images) if return_dict else (images,)
